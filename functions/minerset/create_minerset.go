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
	minersets func(namespace string) minersets
	types     minertype.Catalog
}

type minersets interface {
	Create(ctx context.Context, m *v1beta1.MinerSet, o metav1.CreateOptions) (*v1beta1.MinerSet, error)
	Get(ctx context.Context, name string, o metav1.GetOptions) (*v1beta1.MinerSet, error)
}

func minersetsOf(p *platform.Platform) (func(namespace string) minersets, error) {
	objects, err := p.Kube()
	return func(ns string) minersets { return objects.MinerSets(ns) }, err
}

func newCreateMinerSet(p *platform.Platform) (op.RequestFunc[minerset.CreateRequest, v1beta1.MinerSet], error) {
	sets, err := minersetsOf(p)
	return (&createMinerSet{minersets: sets, types: p.Config.MinerTypes}).Handle, err
}

// Handle checks only what the object API cannot know, the operator's price list, and leaves the rest to it.
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
	created, err := f.minersets(m.Namespace).Create(ctx, m, metav1.CreateOptions{FieldValidation: metav1.FieldValidationIgnore})
	if err != nil {
		return nil, kube.Translate(err)
	}
	return created, nil
}
