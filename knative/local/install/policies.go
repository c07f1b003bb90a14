package install

import (
	"context"
	"fmt"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/wait"

	"onex.io/onex/shared/api/apps/v1beta1"
	"onex.io/onex/shared/config"
)

// home is the namespace of the platform itself, and settings the ConfigMap there that its policies read.
const (
	home     = "onex"
	settings = "onex-policy"
)

// Policies installs the admission policies in a folder, with the operator's settings for them, and returns when they
// hold. The kinds must be there.
func (i *Installer) Policies(ctx context.Context, folder string, c config.Config) error {
	policies, err := read(folder, "*.yaml")
	if err != nil {
		return err
	}
	for _, o := range append([]*unstructured.Unstructured{homeOfSettings(), settingsOf(c)}, policies...) {
		if err := i.apply(ctx, o); err != nil {
			return err
		}
	}
	return i.awaitPolicies(ctx)
}

func homeOfSettings() *unstructured.Unstructured {
	return &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "v1", "kind": "Namespace", "metadata": map[string]any{"name": home},
	}}
}

func settingsOf(c config.Config) *unstructured.Unstructured {
	return &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "v1", "kind": "ConfigMap",
		"metadata": map[string]any{"name": settings, "namespace": home},
		"data": map[string]any{
			"ONEX_ALLOWED_IMAGES":     strings.Join(c.AllowedImages, ","),
			"ONEX_BLOCK_INTERVAL_MIN": c.BlockIntervalMin.String(),
			"ONEX_BLOCK_INTERVAL_MAX": c.BlockIntervalMax.String(),
		},
	}}
}

// awaitPolicies tries, without doing it, to make a chain that no operator allows, until it is refused as it should be.
func (i *Installer) awaitPolicies(ctx context.Context) error {
	chains := i.client.Resource(v1beta1.SchemeGroupVersion.WithResource(v1beta1.ResourceChains)).Namespace(home)
	forbidden := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": v1beta1.SchemeGroupVersion.String(), "kind": v1beta1.KindChain,
		"metadata": map[string]any{"name": "forbidden"},
		"spec":     map[string]any{"image": "forbidden.invalid/image"},
	}}
	err := wait.PollUntilContextTimeout(ctx, lookEvery, patience, true, func(ctx context.Context) (bool, error) {
		_, err := chains.Create(ctx, forbidden, metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
		return apierrors.IsInvalid(err) && strings.Contains(err.Error(), "spec.image"), nil
	})
	if err != nil {
		return fmt.Errorf("admission policies do not hold: %w", err)
	}
	return nil
}
