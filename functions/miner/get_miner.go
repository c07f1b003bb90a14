package miner

import (
	"context"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"onex.io/onex/shared/api/apps/v1beta1"
	"onex.io/onex/shared/api/miner"
	"onex.io/onex/shared/kube"
	"onex.io/onex/shared/object"
	"onex.io/onex/shared/op"
	"onex.io/onex/shared/platform"
)

// getMiner reads a Miner of the caller's namespace as it stands in the object API.
type getMiner struct{ miners opener }

// miners are those of one namespace.
type miners interface {
	Get(ctx context.Context, name string, o metav1.GetOptions) (*v1beta1.Miner, error)
	List(ctx context.Context, o metav1.ListOptions) (*v1beta1.MinerList, error)
}

// opener opens the Miners of a namespace.
type opener func(namespace string) miners

func minersOf(p *platform.Platform) (opener, error) {
	objects, err := p.Kube()
	return func(ns string) miners { return objects.Miners(ns) }, err
}

func newGetMiner(p *platform.Platform) (op.RequestFunc[miner.GetRequest, v1beta1.Miner], error) {
	open, err := minersOf(p)
	return (&getMiner{miners: open}).Handle, err
}

// Handle looks nowhere but in the one namespace: what others have is not there.
func (f *getMiner) Handle(ctx context.Context, in *miner.GetRequest) (*v1beta1.Miner, error) {
	namespace, err := object.Namespace(ctx, in.Namespace)
	if err != nil {
		return nil, err
	}
	m, err := f.miners(namespace).Get(ctx, in.Name, metav1.GetOptions{})
	if err != nil {
		return nil, kube.Translate(err)
	}
	return m, nil
}
