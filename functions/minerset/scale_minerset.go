package minerset

import (
	"context"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"onex.io/onex/shared/api/minerset"
	"onex.io/onex/shared/fault"
	"onex.io/onex/shared/kube"
	"onex.io/onex/shared/object"
	"onex.io/onex/shared/op"
	"onex.io/onex/shared/platform"
)

// scaleMinerSet changes how many miners a MinerSet wants; the reconciler makes or removes them.
type scaleMinerSet struct {
	minersets opener
	scaler    scaler
}

// scaler sets the size of a MinerSet and nothing else of it. A resource version, if any, must be the current one.
type scaler interface {
	ScaleMinerSet(ctx context.Context, namespace, name string, replicas int32, resourceVersion string) error
}

func newScaleMinerSet(p *platform.Platform) (op.RequestFunc[minerset.ScaleRequest, minerset.Scaled], error) {
	sets, err := minersetsOf(p)
	if err != nil {
		return nil, err
	}
	objects, err := p.Kube()
	return (&scaleMinerSet{minersets: sets, scaler: objects}).Handle, err
}

// Handle may be repeated: the size is said, not the difference. A size that an autoscaler sets is not the caller's to
// say: it would be gone with the autoscaler's next look, and its slots would be paid.
func (f *scaleMinerSet) Handle(ctx context.Context, in *minerset.ScaleRequest) (*minerset.Scaled, error) {
	namespace, err := object.Namespace(ctx, in.Namespace)
	if err != nil {
		return nil, err
	}
	m, err := f.minersets(namespace).Get(ctx, in.Name, metav1.GetOptions{})
	if err != nil {
		return nil, kube.Translate(err)
	}
	if m.Spec.Autoscaling != nil {
		return nil, fault.New(fault.Conflict, "Autoscaled", "minerset %q sets its size itself: take its spec.autoscaling away first, or change that", in.Name)
	}
	if err := f.scaler.ScaleMinerSet(ctx, namespace, in.Name, in.Body.Replicas, in.Body.ResourceVersion); err != nil {
		return nil, kube.Translate(err)
	}
	return &minerset.Scaled{Replicas: in.Body.Replicas}, nil
}
