package stream

import (
	"context"

	cloudevents "github.com/cloudevents/sdk-go/v2"
	"github.com/twmb/franz-go/pkg/kgo"

	"onex.io/onex/shared/fault"
)

// Producer sends events to one topic.
type Producer struct {
	client *kgo.Client
	topic  string
}

// NewProducer sends to topic through client.
func NewProducer(client *kgo.Client, topic string) *Producer {
	return &Producer{client: client, topic: topic}
}

// Send returns when Kafka has acknowledged the event; Busy when it does not.
func (p *Producer) Send(ctx context.Context, e cloudevents.Event) error {
	record, err := Encode(p.topic, e)
	if err != nil {
		return err
	}
	if err := p.client.ProduceSync(ctx, record).FirstErr(); err != nil {
		return fault.New(fault.Busy, "StreamAway", "the stream %q does not answer now: %w", p.topic, err)
	}
	return nil
}

// Buffer sends the event soon; Flush waits for it. Buffering never blocks: what finds the buffer full, or is still in
// it when the client closes, is lost like what Kafka refuses.
func (p *Producer) Buffer(ctx context.Context, e cloudevents.Event, lost func(error)) error {
	record, err := Encode(p.topic, e)
	if err != nil {
		return err
	}
	p.client.TryProduce(context.WithoutCancel(ctx), record, func(_ *kgo.Record, err error) {
		if err != nil {
			lost(err)
		}
	})
	return nil
}

// Flush waits until everything buffered is acknowledged.
func (p *Producer) Flush(ctx context.Context) error { return p.client.Flush(ctx) }
