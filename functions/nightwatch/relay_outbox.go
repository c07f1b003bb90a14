package nightwatch

import (
	"context"
	"log/slog"
	"time"

	cloudevents "github.com/cloudevents/sdk-go/v2"

	"onex.io/onex/shared/op"
	"onex.io/onex/shared/platform"
	"onex.io/onex/shared/publish"
)

// relayOutbox keeps the promise of the outbox: what was intended is told.
type relayOutbox struct {
	outbox relay
	// age is longer than any operation may take, so that an intent so old has its effect or never will.
	age time.Duration
	log *slog.Logger
}

type relay interface {
	Relay(ctx context.Context, age time.Duration) (told int, err error)
}

func newRelayOutbox(p *platform.Platform) (op.EventFunc, error) {
	db, err := p.Mongo()
	if err != nil {
		return nil, err
	}
	f := &relayOutbox{outbox: publish.NewOutbox(db, p.Broker(), p.Now), age: 2 * p.Config.RequestTimeout, log: p.Log}
	return f.Handle, nil
}

// Handle ignores what the tick says: it is only a reason to look.
func (f *relayOutbox) Handle(ctx context.Context, _ cloudevents.Event) error {
	told, err := f.outbox.Relay(ctx, f.age)
	if told > 0 {
		f.log.InfoContext(ctx, "relayed", "events", told)
	}
	return err
}
