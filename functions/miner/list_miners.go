package miner

import (
	"context"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"onex.io/onex/shared/api/apps/v1beta1"
	"onex.io/onex/shared/api/miner"
	"onex.io/onex/shared/api/page"
	"onex.io/onex/shared/kube"
	"onex.io/onex/shared/object"
	"onex.io/onex/shared/op"
	"onex.io/onex/shared/platform"
)

// listMiners lists the Miners of the caller's namespace.
type listMiners struct{ miners opener }

func newListMiners(p *platform.Platform) (op.RequestFunc[miner.ListRequest, miner.List], error) {
	open, err := minersOf(p)
	return (&listMiners{miners: open}).Handle, err
}

// Handle goes by who owns a Miner and not by its labels, which anybody may write.
func (f *listMiners) Handle(ctx context.Context, in *miner.ListRequest) (*miner.List, error) {
	namespace, err := object.Namespace(ctx, in.Namespace)
	if err != nil {
		return nil, err
	}
	list, err := f.miners(namespace).List(ctx, metav1.ListOptions{})
	if err != nil {
		return nil, kube.Translate(err)
	}
	var all []miner.Item
	for i := range list.Items {
		if it := item(&list.Items[i]); in.MinerSet == "" || it.MinerSet == in.MinerSet {
			all = append(all, it)
		}
	}
	return &miner.List{TotalCount: int64(len(all)), Miners: page.Cut(all, in.Page)}, nil
}

func item(m *v1beta1.Miner) miner.Item {
	ready, message := v1beta1.Readiness(m.Status.Conditions)
	i := miner.Item{
		Name: m.Name, Namespace: m.Namespace, DisplayName: m.Spec.DisplayName,
		MinerType: m.Spec.MinerType, ChainName: m.Spec.ChainName, Slot: m.Status.Slot,
		Status: m.Status.Phase, Ready: ready, Message: message,
		CreatedAt: m.CreationTimestamp.UTC(), UpdatedAt: object.Updated(&m.ObjectMeta),
	}
	if i.Status == "" {
		i.Status = v1beta1.MinerPending
	}
	if owner := metav1.GetControllerOf(m); owner != nil && owner.Kind == v1beta1.KindMinerSet {
		i.MinerSet = owner.Name
	}
	return i
}
