package minerset

import (
	"context"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"onex.io/onex/shared/api/apps/v1beta1"
	"onex.io/onex/shared/platform"
)

// minersets are those of one namespace.
type minersets interface {
	Create(ctx context.Context, m *v1beta1.MinerSet, o metav1.CreateOptions) (*v1beta1.MinerSet, error)
	Get(ctx context.Context, name string, o metav1.GetOptions) (*v1beta1.MinerSet, error)
	List(ctx context.Context, o metav1.ListOptions) (*v1beta1.MinerSetList, error)
	Delete(ctx context.Context, name string, o metav1.DeleteOptions) error
}

// opener opens the MinerSets of a namespace.
type opener func(namespace string) minersets

func minersetsOf(p *platform.Platform) (opener, error) {
	objects, err := p.Kube()
	return func(ns string) minersets { return objects.MinerSets(ns) }, err
}
