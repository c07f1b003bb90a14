package minerset

import (
	"context"

	"onex.io/onex/shared/api/minerset"
	"onex.io/onex/shared/kube"
	"onex.io/onex/shared/object"
	"onex.io/onex/shared/op"
	"onex.io/onex/shared/platform"
)

// scaleMinerSet changes how many miners a MinerSet wants; the reconciler makes or removes them.
type scaleMinerSet struct{ scaler scaler }

// scaler sets the size of a MinerSet and nothing else of it. A resource version, if any, must be the current one.
type scaler interface {
	ScaleMinerSet(ctx context.Context, namespace, name string, replicas int32, resourceVersion string) error
}

func newScaleMinerSet(p *platform.Platform) (op.RequestFunc[minerset.ScaleRequest, minerset.Scaled], error) {
	objects, err := p.Kube()
	return (&scaleMinerSet{scaler: objects}).Handle, err
}

// Handle may be repeated: the size is said, not the difference.
func (f *scaleMinerSet) Handle(ctx context.Context, in *minerset.ScaleRequest) (*minerset.Scaled, error) {
	namespace, err := object.Namespace(ctx, in.Namespace)
	if err != nil {
		return nil, err
	}
	if err := f.scaler.ScaleMinerSet(ctx, namespace, in.Name, in.Body.Replicas, in.Body.ResourceVersion); err != nil {
		return nil, kube.Translate(err)
	}
	return &minerset.Scaled{Replicas: in.Body.Replicas}, nil
}
