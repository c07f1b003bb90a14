package chain

import (
	"context"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"onex.io/onex/shared/api/apps/v1beta1"
	"onex.io/onex/shared/api/chain"
	"onex.io/onex/shared/api/page"
	"onex.io/onex/shared/kube"
	"onex.io/onex/shared/object"
	"onex.io/onex/shared/op"
	"onex.io/onex/shared/platform"
)

// listChains lists the Chains of the caller's namespace, and the public ones if wanted.
type listChains struct{ chains opener }

func newListChains(p *platform.Platform) (op.RequestFunc[chain.ListRequest, chain.List], error) {
	open, err := chainsOf(p)
	return (&listChains{chains: open}).Handle, err
}

// Handle reads whole namespaces: a user has few chains, and the operator offers few.
func (f *listChains) Handle(ctx context.Context, in *chain.ListRequest) (*chain.List, error) {
	namespace, err := object.Namespace(ctx, in.Namespace)
	if err != nil {
		return nil, err
	}
	namespaces := []string{namespace}
	if in.Public && namespace != v1beta1.ChainNamespace {
		namespaces = append(namespaces, v1beta1.ChainNamespace)
	}
	var all []chain.Item
	for _, ns := range namespaces {
		list, err := f.chains(ns).List(ctx, metav1.ListOptions{})
		if err != nil {
			return nil, kube.Translate(err)
		}
		for i := range list.Items {
			all = append(all, item(&list.Items[i]))
		}
	}
	return &chain.List{TotalCount: int64(len(all)), Chains: page.Cut(all, in.Page)}, nil
}

func item(c *v1beta1.Chain) chain.Item {
	ready, message := v1beta1.Readiness(c.Status.Conditions)
	return chain.Item{
		Name: c.Name, Namespace: c.Namespace, DisplayName: c.Spec.DisplayName, MinerType: c.Spec.MinerType,
		MinMineIntervalSeconds: c.Spec.MinMineIntervalSeconds, Public: c.Namespace == v1beta1.ChainNamespace,
		Ready: ready, Message: message,
		CreatedAt: c.CreationTimestamp.UTC(), UpdatedAt: object.Updated(&c.ObjectMeta),
	}
}
