package kube

import (
	"context"
	"encoding/json"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"onex.io/onex/shared/api/apps/v1beta1"
)

// podSecurityLabel makes Kubernetes refuse whatever pod is not as locked down as ours are.
const podSecurityLabel = "pod-security.kubernetes.io/enforce"

// EnsureNamespace makes the namespace unless it is there.
func (c *Client) EnsureNamespace(ctx context.Context, name string) error {
	body, err := json.Marshal(metav1.PartialObjectMetadata{
		TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Namespace"},
		ObjectMeta: metav1.ObjectMeta{
			Name:   name,
			Labels: map[string]string{v1beta1.ManagedByLabel: v1beta1.ManagedBy, podSecurityLabel: "restricted"},
		},
	})
	if err != nil {
		return fmt.Errorf("namespace %q: %w", name, err)
	}
	err = c.core.Post().Resource("namespaces").SetHeader("Content-Type", "application/json").Body(body).Do(ctx).Error()
	if err != nil && !apierrors.IsAlreadyExists(err) {
		return fmt.Errorf("create namespace %q: %w", name, err)
	}
	return nil
}

// DeleteNamespace removes the namespace with everything in it; one that is not there is as good as removed.
func (c *Client) DeleteNamespace(ctx context.Context, name string) error {
	err := c.core.Delete().Resource("namespaces").Name(name).Do(ctx).Error()
	if err != nil && !apierrors.IsNotFound(err) {
		return fmt.Errorf("delete namespace %q: %w", name, err)
	}
	return nil
}
