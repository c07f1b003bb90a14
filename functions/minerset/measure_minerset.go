package minerset

import (
	"context"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"onex.io/onex/shared/access"
	"onex.io/onex/shared/api/apps/v1beta1"
	"onex.io/onex/shared/api/minerset"
	"onex.io/onex/shared/chainnode"
	"onex.io/onex/shared/fault"
	"onex.io/onex/shared/kube"
	"onex.io/onex/shared/op"
	"onex.io/onex/shared/platform"
)

// measureMinerSet tells a MinerSet's autoscaler how many miners its trigger calls for. It decides nothing: the
// autoscaler writes the size, and the reconciler pays.
type measureMinerSet struct {
	minersets opener
	gauges    gauges
}

// gauges read what triggers watch, one for each kind of trigger.
type gauges struct {
	balance walletGauge
	blocks  blocksGauge
	lag     lagGauge
}

func newMeasureMinerSet(p *platform.Platform) (op.RequestFunc[minerset.MeasureRequest, minerset.Measure], error) {
	sets, err := minersetsOf(p)
	if err != nil {
		return nil, err
	}
	objects, err := p.Kube()
	if err != nil {
		return nil, err
	}
	return (&measureMinerSet{minersets: sets, gauges: gauges{
		balance: walletGauge{book: bookOf(p), types: p.Config.MinerTypes},
		blocks: blocksGauge{
			chains: chainsOf(objects), nodes: chainnode.Nodes{HTTP: p.HTTP, Pattern: p.Config.Nodes}, now: p.Now,
		},
		lag: lagGauge{allowed: p.Config.AutoscalingStreams, lag: lagOf(p)},
	}}).Handle, nil
}

// Handle answers for the one MinerSet that the token is bound to, and not for another that has taken its name.
func (f *measureMinerSet) Handle(ctx context.Context, in *minerset.MeasureRequest) (*minerset.Measure, error) {
	p := access.From(ctx)
	m, err := f.minersets(p.UserID).Get(ctx, in.Name, metav1.GetOptions{})
	if err != nil {
		return nil, kube.Translate(err)
	}
	if string(m.UID) != p.Pool {
		return nil, fault.New(fault.Denied, "Forbidden", "the token is another minerset's")
	}
	a := m.Spec.Autoscaling
	if a == nil {
		return nil, fault.New(fault.Conflict, "NotAutoscaled", "minerset %q has no autoscaling", in.Name)
	}
	wanted, err := f.gauges.read(ctx, m)
	if err != nil {
		return nil, err
	}
	return &minerset.Measure{Wanted: int32(min(max(wanted, 0), int64(a.MaxReplicas)))}, nil
}

// read reads the gauge of the MinerSet's trigger. The clock has none: an autoscaler knows the time.
func (g gauges) read(ctx context.Context, m *v1beta1.MinerSet) (wanted int64, err error) {
	switch a := m.Spec.Autoscaling; {
	case a.WalletBalance != nil:
		return g.balance.wanted(ctx, m)
	case a.EventRate != nil:
		return g.blocks.wanted(ctx, m)
	case a.KafkaLag != nil:
		return g.lag.wanted(ctx, m)
	}
	return 0, fault.New(fault.Conflict, "NotMeasured", "minerset %q is scaled by the clock, which needs no measure", m.Name)
}
