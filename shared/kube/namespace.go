package kube

import (
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/yaml"

	"onex.io/onex/shared/api/apps/v1beta1"
)

// podSecurityLabel makes Kubernetes refuse whatever pod is not as locked down as ours are.
const podSecurityLabel = "pod-security.kubernetes.io/enforce"

// fences are the NetworkPolicies of a user's namespace.
//
//go:embed fences.yaml
var fences string

// EnsureNamespace makes the namespace of a user unless it is there, and the fences around it.
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
	return c.FenceNamespace(ctx, name)
}

// FenceNamespace puts the fences around a user's namespace, or brings them up to date.
func (c *Client) FenceNamespace(ctx context.Context, name string) error {
	for text := range strings.SplitSeq(fences, "\n---\n") {
		body, err := yaml.YAMLToJSON([]byte(text))
		if err != nil {
			return fmt.Errorf("fences: %w", err)
		}
		var policy metav1.PartialObjectMetadata
		if err := json.Unmarshal(body, &policy); err != nil {
			return fmt.Errorf("fences: %w", err)
		}
		err = c.core.Patch(types.ApplyYAMLPatchType).AbsPath("/apis", policy.APIVersion, "namespaces", name, "networkpolicies", policy.Name).
			Param("fieldManager", "onex").Param("force", "true").Body(body).Do(ctx).Error()
		if err != nil {
			return fmt.Errorf("fence %q of namespace %q: %w", policy.Name, name, err)
		}
	}
	return nil
}

// UserNamespaces are the names of all namespaces that EnsureNamespace made and that are not on their way out.
func (c *Client) UserNamespaces(ctx context.Context) ([]string, error) {
	body, err := c.core.Get().Resource("namespaces").Param("labelSelector", v1beta1.ManagedByLabel+"="+v1beta1.ManagedBy).Do(ctx).Raw()
	if err != nil {
		return nil, fmt.Errorf("list namespaces: %w", err)
	}
	var list metav1.PartialObjectMetadataList
	if err := json.Unmarshal(body, &list); err != nil {
		return nil, fmt.Errorf("list namespaces: %w", err)
	}
	var names []string
	for _, n := range list.Items {
		if n.DeletionTimestamp == nil {
			names = append(names, n.Name)
		}
	}
	return names, nil
}

// NamespaceGone says whether nothing is left of the namespace.
func (c *Client) NamespaceGone(ctx context.Context, name string) (bool, error) {
	err := c.core.Get().Resource("namespaces").Name(name).Do(ctx).Error()
	if apierrors.IsNotFound(err) {
		return true, nil
	}
	if err != nil {
		return false, fmt.Errorf("look for namespace %q: %w", name, err)
	}
	return false, nil
}

// DeleteNamespace removes the namespace with everything in it; one that is not there is as good as removed.
func (c *Client) DeleteNamespace(ctx context.Context, name string) error {
	err := c.core.Delete().Resource("namespaces").Name(name).Do(ctx).Error()
	if err != nil && !apierrors.IsNotFound(err) {
		return fmt.Errorf("delete namespace %q: %w", name, err)
	}
	return nil
}
