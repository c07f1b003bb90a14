package chain

import (
	"context"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"onex.io/onex/shared/api/apps/v1beta1"
	"onex.io/onex/shared/api/chain"
	"onex.io/onex/shared/kube"
	"onex.io/onex/shared/object"
	"onex.io/onex/shared/op"
	"onex.io/onex/shared/platform"
)

// createChain writes a Chain into the caller's namespace; the reconciler does the rest.
type createChain struct {
	chains   func(namespace string) chains
	interval time.Duration // of a chain whose owner names none
}

type chains interface {
	Create(ctx context.Context, c *v1beta1.Chain, o metav1.CreateOptions) (*v1beta1.Chain, error)
}

func newCreateChain(p *platform.Platform) (op.RequestFunc[chain.CreateRequest, v1beta1.Chain], error) {
	objects, err := p.Kube()
	if err != nil {
		return nil, err
	}
	f := &createChain{chains: func(ns string) chains { return objects.Chains(ns) }, interval: p.Config.BlockInterval}
	return f.Handle, nil
}

// Handle leaves the judgment of the spec to the object API, whose answer names the field.
func (f *createChain) Handle(ctx context.Context, in *chain.CreateRequest) (*v1beta1.Chain, error) {
	c := &v1beta1.Chain{ObjectMeta: in.Body.ObjectMeta, Spec: in.Body.Spec}
	if err := object.Own(ctx, &c.ObjectMeta); err != nil {
		return nil, err
	}
	if c.Spec.MinMineIntervalSeconds == 0 {
		c.Spec.MinMineIntervalSeconds = int32(f.interval / time.Second)
	}
	created, err := f.chains(c.Namespace).Create(ctx, c, metav1.CreateOptions{FieldValidation: metav1.FieldValidationIgnore})
	if err != nil {
		return nil, kube.Translate(err)
	}
	return created, nil
}
