package minerset

import (
	"context"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"onex.io/onex/shared/api/apps/v1beta1"
	"onex.io/onex/shared/api/minerset"
	"onex.io/onex/shared/kube"
	"onex.io/onex/shared/object"
	"onex.io/onex/shared/op"
	"onex.io/onex/shared/platform"
)

// getMinerSet reads a MinerSet of the caller's namespace as it stands in the object API.
type getMinerSet struct{ minersets opener }

func newGetMinerSet(p *platform.Platform) (op.RequestFunc[minerset.GetRequest, v1beta1.MinerSet], error) {
	sets, err := minersetsOf(p)
	return (&getMinerSet{minersets: sets}).Handle, err
}

// Handle looks nowhere but in the one namespace: what others have is not there.
func (f *getMinerSet) Handle(ctx context.Context, in *minerset.GetRequest) (*v1beta1.MinerSet, error) {
	namespace, err := object.Namespace(ctx, in.Namespace)
	if err != nil {
		return nil, err
	}
	m, err := f.minersets(namespace).Get(ctx, in.Name, metav1.GetOptions{})
	if err != nil {
		return nil, kube.Translate(err)
	}
	return m, nil
}
