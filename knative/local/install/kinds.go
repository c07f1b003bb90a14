package install

import (
	"context"
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/wait"
)

// Kinds installs the definitions in a folder and returns when they are served.
func (i *Installer) Kinds(ctx context.Context, folder string) error {
	kinds, err := read(folder, "apps.onex.io_*.yaml")
	if err != nil {
		return err
	}
	for _, kind := range kinds {
		if err := i.apply(ctx, kind); err != nil {
			return err
		}
		if err := i.awaitServed(ctx, kind); err != nil {
			return fmt.Errorf("await %q: %w", kind.GetName(), err)
		}
	}
	return nil
}

func (i *Installer) awaitServed(ctx context.Context, kind *unstructured.Unstructured) error {
	kinds, err := i.resource(kind)
	if err != nil {
		return err
	}
	return wait.PollUntilContextTimeout(ctx, lookEvery, patience, true, func(ctx context.Context) (bool, error) {
		served, err := kinds.Get(ctx, kind.GetName(), metav1.GetOptions{})
		return err == nil && established(served), err
	})
}

func established(kind *unstructured.Unstructured) bool {
	conditions, _, _ := unstructured.NestedSlice(kind.Object, "status", "conditions")
	for _, c := range conditions {
		if m, ok := c.(map[string]any); ok && m["type"] == "Established" && m["status"] == "True" {
			return true
		}
	}
	return false
}
