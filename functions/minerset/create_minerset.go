package minerset

import (
	"context"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"onex.io/onex/shared/api/apps/v1beta1"
	"onex.io/onex/shared/api/minerset"
	"onex.io/onex/shared/fault"
	"onex.io/onex/shared/kube"
	"onex.io/onex/shared/minertype"
	"onex.io/onex/shared/object"
	"onex.io/onex/shared/op"
	"onex.io/onex/shared/platform"
)

// createMinerSet writes a MinerSet into the caller's namespace; the reconciler makes and pays its miners.
type createMinerSet struct {
	minersets opener
	chains    chainOpener
	types     minertype.Catalog
	streams   []string // those that a MinerSet may follow
}

func newCreateMinerSet(p *platform.Platform) (op.RequestFunc[minerset.CreateRequest, v1beta1.MinerSet], error) {
	objects, err := p.Kube()
	if err != nil {
		return nil, err
	}
	return (&createMinerSet{
		minersets: func(ns string) minersets { return objects.MinerSets(ns) },
		chains:    chainsOf(objects),
		types:     p.Config.MinerTypes,
		streams:   p.Config.AutoscalingStreams,
	}).Handle, nil
}

// Handle checks only what the object API cannot know, the operator's price list and which chains and streams there are,
// and leaves the rest to it.
func (f *createMinerSet) Handle(ctx context.Context, in *minerset.CreateRequest) (*v1beta1.MinerSet, error) {
	m := &v1beta1.MinerSet{ObjectMeta: in.Body.ObjectMeta, Spec: in.Body.Spec}
	if err := object.Own(ctx, &m.ObjectMeta); err != nil {
		return nil, err
	}
	if name := m.Spec.Template.Spec.MinerType; name != "" {
		if _, ok := f.types.Get(name); !ok {
			return nil, fault.Field("spec.template.spec.minerType", "no miner type %q is for sale", name)
		}
	}
	if err := f.chainThere(ctx, m.Namespace, m.Spec.Template.Spec.ChainName); err != nil {
		return nil, err
	}
	if err := f.autoscaled(m); err != nil {
		return nil, err
	}
	created, err := f.minersets(m.Namespace).Create(ctx, m, metav1.CreateOptions{FieldValidation: metav1.FieldValidationIgnore})
	if err != nil {
		return nil, kube.Translate(err)
	}
	return created, nil
}

func (f *createMinerSet) chainThere(ctx context.Context, namespace, name string) error {
	const field = "spec.template.spec.chainName"
	if name == "" {
		return fault.Field(field, "a chain is needed")
	}
	c, err := findChain(ctx, f.chains, namespace, name)
	if err == nil && c == nil {
		err = fault.Field(field, "there is no chain %q, neither yours nor a public one", name)
	}
	return err
}

// autoscaled checks how the set is to scale itself. One that names no size begins with the fewest: nobody pays for a
// miner that the trigger has not called for.
func (f *createMinerSet) autoscaled(m *v1beta1.MinerSet) error {
	a := m.Spec.Autoscaling
	if a == nil {
		return nil
	}
	if a.KafkaLag != nil && !mayFollow(f.streams, a.KafkaLag) {
		return notFollowed(a.KafkaLag)
	}
	if m.Spec.Replicas == nil {
		m.Spec.Replicas = &a.MinReplicas
	}
	return nil
}
