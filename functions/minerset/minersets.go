package minerset

import (
	"context"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"onex.io/onex/shared/api/apps/v1beta1"
	"onex.io/onex/shared/kube"
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

// chains are those of one namespace.
type chains interface {
	Get(ctx context.Context, name string, o metav1.GetOptions) (*v1beta1.Chain, error)
}

// chainOpener opens the chains of a namespace.
type chainOpener func(namespace string) chains

func chainsOf(objects *kube.Client) chainOpener {
	return func(ns string) chains { return objects.Chains(ns) }
}

// findChain looks where the miners of a namespace will look: there, then among the public chains. It is nil when the
// chain is in neither place.
func findChain(ctx context.Context, open chainOpener, namespace, name string) (*v1beta1.Chain, error) {
	for _, ns := range []string{namespace, v1beta1.ChainNamespace} {
		c, err := open(ns).Get(ctx, name, metav1.GetOptions{})
		if err == nil {
			return c, nil
		}
		if !apierrors.IsNotFound(err) {
			return nil, kube.Translate(err)
		}
	}
	return nil, nil
}
