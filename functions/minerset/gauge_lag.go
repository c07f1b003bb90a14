package minerset

import (
	"context"
	"slices"

	"onex.io/onex/shared/api/apps/v1beta1"
	"onex.io/onex/shared/fault"
	"onex.io/onex/shared/platform"
	"onex.io/onex/shared/stream"
)

// lagGauge reads how far a consumer group is behind, where the operator lets tenants see that.
type lagGauge struct {
	allowed []string
	lag     func(ctx context.Context, r stream.Reader) (int64, error)
}

func lagOf(p *platform.Platform) func(context.Context, stream.Reader) (int64, error) {
	return func(ctx context.Context, r stream.Reader) (int64, error) {
		client, err := p.Kafka()
		if err != nil {
			return 0, err
		}
		return stream.Lag(ctx, client, r)
	}
}

// wanted is rounded up: the first record calls for the first miner.
func (g lagGauge) wanted(ctx context.Context, m *v1beta1.MinerSet) (int64, error) {
	t := m.Spec.Autoscaling.KafkaLag
	if !mayFollow(g.allowed, t) {
		return 0, notFollowed(t)
	}
	lag, err := g.lag(ctx, stream.Reader{Topic: t.Topic, Group: t.Group, Earliest: true})
	if err != nil {
		return 0, fault.New(fault.Busy, "StreamAway", "the lag cannot be read now: %w", err)
	}
	return perMiner(lag, t.RecordsPerMiner), nil
}

// mayFollow says whether the operator lets MinerSets follow the group on the topic.
func mayFollow(allowed []string, t *v1beta1.KafkaLagTrigger) bool {
	return slices.Contains(allowed, t.Topic+"/"+t.Group)
}

func notFollowed(t *v1beta1.KafkaLagTrigger) error {
	return fault.Field("spec.autoscaling.kafkaLag", "the operator lets nobody follow the lag of group %q on topic %q", t.Group, t.Topic)
}
