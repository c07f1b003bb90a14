package node

import (
	"context"
	"time"

	"go.opentelemetry.io/contrib/bridges/prometheus"
	"go.opentelemetry.io/otel/attribute"
	oteltrace "go.opentelemetry.io/otel/trace"

	"onex.io/onex/shared/telemetry"
	"onex.io/onex/shared/trace"
	"onex.io/onex/toyblc/block"
)

// lastWords bounds telling the collector what it was not told yet: a pod gets five seconds to end.
const lastWords = 2 * time.Second

// story tells a collector of the node: its metrics, and spans of the traces that it belongs to. What made the node is
// the reason of its first block. A later block is its own reason: the trace of a click ends some time, a chain does not.
type story struct {
	telemetry *telemetry.Telemetry // nil where nobody is told
	parent    string               // of the node, and then of its first block
	born      time.Time
	seeking   time.Time // since when the next block is sought; the loop's alone
}

func (n *Node) prepareStory() error {
	t, err := telemetry.New(telemetry.Options{
		Collector: n.cfg.Collector, Ratio: n.cfg.TraceRatio, Service: "toyblc", Log: n.log,
		Producer: prometheus.NewMetricProducer(prometheus.WithGatherer(n.metrics.registry)),
	})
	now := time.Now()
	n.story = &story{telemetry: t, parent: n.cfg.Traceparent, born: now, seeking: now}
	return err
}

// started tells that the node is there: from its configuration to the moment when it can be reached.
func (s *story) started(ctx context.Context) {
	if s.telemetry == nil {
		return
	}
	_, span := s.telemetry.Start(trace.FromParent(ctx, s.parent), "start node", oteltrace.WithTimestamp(s.born))
	span.End()
}

// mined tells of a block of the own miner and gives the trace that it belongs to.
func (s *story) mined(b block.Block) context.Context {
	ctx := trace.FromParent(context.Background(), s.parent)
	began := s.seeking
	s.parent, s.seeking = "", time.Now()
	if s.telemetry == nil {
		return ctx
	}
	ctx, span := s.telemetry.Start(ctx, "mine block", oteltrace.WithTimestamp(began), oteltrace.WithAttributes(
		attribute.String("onex.chain.id", b.ChainID), attribute.Int64("onex.block.height", b.Index), attribute.String("onex.block.hash", b.Hash.String())))
	span.End()
	return ctx
}

// close tells what is not told yet.
func (s *story) close() {
	if s == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), lastWords)
	defer cancel()
	s.telemetry.Close(ctx)
}
