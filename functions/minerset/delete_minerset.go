package minerset

import (
	"context"

	"onex.io/onex/shared/api/minerset"
	"onex.io/onex/shared/kube"
	"onex.io/onex/shared/object"
	"onex.io/onex/shared/op"
	"onex.io/onex/shared/platform"
)

// deleteMinerSet asks a MinerSet to go; the reconciler takes its miners down first. What was paid stays paid.
type deleteMinerSet struct{ minersets opener }

func newDeleteMinerSet(p *platform.Platform) (op.RequestFunc[minerset.DeleteRequest, minerset.Deleted], error) {
	sets, err := minersetsOf(p)
	return (&deleteMinerSet{minersets: sets}).Handle, err
}

// Handle answers before the miners are gone.
func (f *deleteMinerSet) Handle(ctx context.Context, in *minerset.DeleteRequest) (*minerset.Deleted, error) {
	namespace, err := object.Namespace(ctx, in.Namespace)
	if err != nil {
		return nil, err
	}
	return &minerset.Deleted{}, kube.Remove(ctx, f.minersets(namespace), in.Name, in.Cascade)
}
