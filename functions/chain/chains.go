package chain

import (
	"context"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"onex.io/onex/shared/api/apps/v1beta1"
	"onex.io/onex/shared/kube"
	"onex.io/onex/shared/platform"
)

// chains are those of one namespace.
type chains interface {
	Create(ctx context.Context, c *v1beta1.Chain, o metav1.CreateOptions) (*v1beta1.Chain, error)
	Get(ctx context.Context, name string, o metav1.GetOptions) (*v1beta1.Chain, error)
	List(ctx context.Context, o metav1.ListOptions) (*v1beta1.ChainList, error)
	Delete(ctx context.Context, name string, o metav1.DeleteOptions) error
}

// opener opens the chains of a namespace.
type opener func(namespace string) chains

func chainsOf(p *platform.Platform) (opener, error) {
	objects, err := p.Kube()
	return func(ns string) chains { return objects.Chains(ns) }, err
}

// find is the chain that a name means in a namespace: its own, else the public one.
func (open opener) find(ctx context.Context, namespace, name string) (*v1beta1.Chain, error) {
	found, err := open(namespace).Get(ctx, name, metav1.GetOptions{})
	if apierrors.IsNotFound(err) && namespace != v1beta1.ChainNamespace {
		found, err = open(v1beta1.ChainNamespace).Get(ctx, name, metav1.GetOptions{})
	}
	if err != nil {
		return nil, kube.Translate(err)
	}
	return found, nil
}
