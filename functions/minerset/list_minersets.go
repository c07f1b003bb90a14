package minerset

import (
	"context"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"onex.io/onex/shared/api/apps/v1beta1"
	"onex.io/onex/shared/api/minerset"
	"onex.io/onex/shared/api/page"
	"onex.io/onex/shared/kube"
	"onex.io/onex/shared/object"
	"onex.io/onex/shared/op"
	"onex.io/onex/shared/platform"
)

// listMinerSets lists the MinerSets of the caller's namespace.
type listMinerSets struct{ minersets opener }

func newListMinerSets(p *platform.Platform) (op.RequestFunc[minerset.ListRequest, minerset.List], error) {
	sets, err := minersetsOf(p)
	return (&listMinerSets{minersets: sets}).Handle, err
}

// Handle reads the whole namespace, which the object API gives in the order of names.
func (f *listMinerSets) Handle(ctx context.Context, in *minerset.ListRequest) (*minerset.List, error) {
	namespace, err := object.Namespace(ctx, in.Namespace)
	if err != nil {
		return nil, err
	}
	list, err := f.minersets(namespace).List(ctx, metav1.ListOptions{})
	if err != nil {
		return nil, kube.Translate(err)
	}
	all := make([]minerset.Item, len(list.Items))
	for i := range list.Items {
		all[i] = item(&list.Items[i])
	}
	return &minerset.List{TotalCount: int64(len(all)), MinerSets: page.Cut(all, in.Page)}, nil
}

func item(m *v1beta1.MinerSet) minerset.Item {
	ready, message := v1beta1.Readiness(m.Status.Conditions)
	i := minerset.Item{
		Name: m.Name, Namespace: m.Namespace, DisplayName: m.Spec.DisplayName, Replicas: 1, ReadyReplicas: m.Status.ReadyReplicas,
		DeletePolicy:  m.Spec.DeletePolicy,
		MinerTemplate: minerset.Template{MinerType: m.Spec.Template.Spec.MinerType, ChainName: m.Spec.Template.Spec.ChainName},
		Ready:         ready, Message: message,
		CreatedAt: m.CreationTimestamp.UTC(), UpdatedAt: object.Updated(&m.ObjectMeta),
	}
	if m.Spec.Replicas != nil {
		i.Replicas = *m.Spec.Replicas
	}
	return i
}
