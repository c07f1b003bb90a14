package runner

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/dynamic"
	"sigs.k8s.io/yaml"
)

// applyKinds applies the definitions of the platform's kinds and waits until they are served.
func (p *Platform) applyKinds(ctx context.Context) error {
	rest, err := p.servers.kube.Config()
	if err != nil {
		return err
	}
	client, err := dynamic.NewForConfig(rest)
	if err != nil {
		return fmt.Errorf("client: %w", err)
	}
	files, err := filepath.Glob(filepath.Join(p.o.CRDs, "apps.onex.io_*.yaml"))
	if err != nil || len(files) == 0 {
		return errors.Join(err, fmt.Errorf("no definitions in %q", p.o.CRDs))
	}
	kinds := client.Resource(schema.GroupVersionResource{Group: "apiextensions.k8s.io", Version: "v1", Resource: "customresourcedefinitions"})
	for _, file := range files {
		if err := applyKind(ctx, kinds, file); err != nil {
			return err
		}
	}
	return nil
}

func applyKind(ctx context.Context, kinds dynamic.NamespaceableResourceInterface, file string) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return fmt.Errorf("definition: %w", err)
	}
	var kind unstructured.Unstructured
	if err := yaml.Unmarshal(text, &kind.Object); err != nil {
		return fmt.Errorf("definition %q: %w", file, err)
	}
	body, err := kind.MarshalJSON()
	if err != nil {
		return fmt.Errorf("definition %q: %w", file, err)
	}
	force := true
	if _, err := kinds.Patch(ctx, kind.GetName(), types.ApplyPatchType, body, metav1.PatchOptions{FieldManager: "onex", Force: &force}); err != nil {
		return fmt.Errorf("apply %q: %w", kind.GetName(), err)
	}
	return wait.PollUntilContextTimeout(ctx, 50*time.Millisecond, 30*time.Second, true, func(ctx context.Context) (bool, error) {
		served, err := kinds.Get(ctx, kind.GetName(), metav1.GetOptions{})
		if err != nil {
			return false, ignoreMissing(err)
		}
		return established(served), nil
	})
}

func ignoreMissing(err error) error {
	if apierrors.IsNotFound(err) {
		return nil
	}
	return err
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
