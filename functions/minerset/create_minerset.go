package minerset

import (
	"context"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
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
	chains    func(namespace string) chains
	types     minertype.Catalog
}

// chains are those of one namespace.
type chains interface {
	Get(ctx context.Context, name string, o metav1.GetOptions) (*v1beta1.Chain, error)
}

func newCreateMinerSet(p *platform.Platform) (op.RequestFunc[minerset.CreateRequest, v1beta1.MinerSet], error) {
	objects, err := p.Kube()
	if err != nil {
		return nil, err
	}
	return (&createMinerSet{
		minersets: func(ns string) minersets { return objects.MinerSets(ns) },
		chains:    func(ns string) chains { return objects.Chains(ns) },
		types:     p.Config.MinerTypes,
	}).Handle, nil
}

// Handle checks only what the object API cannot know, the operator's price list and which chains there are, and
// leaves the rest to it.
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
	if err := f.findChain(ctx, m.Namespace, m.Spec.Template.Spec.ChainName); err != nil {
		return nil, err
	}
	created, err := f.minersets(m.Namespace).Create(ctx, m, metav1.CreateOptions{FieldValidation: metav1.FieldValidationIgnore})
	if err != nil {
		return nil, kube.Translate(err)
	}
	return created, nil
}

// findChain looks where the miners will look: in their own namespace, then among the public chains.
func (f *createMinerSet) findChain(ctx context.Context, namespace, name string) error {
	const field = "spec.template.spec.chainName"
	if name == "" {
		return fault.Field(field, "a chain is needed")
	}
	for _, ns := range []string{namespace, v1beta1.ChainNamespace} {
		_, err := f.chains(ns).Get(ctx, name, metav1.GetOptions{})
		if err == nil {
			return nil
		}
		if !apierrors.IsNotFound(err) {
			return kube.Translate(err)
		}
	}
	return fault.Field(field, "there is no chain %q, neither yours nor a public one", name)
}
