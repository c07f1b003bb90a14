package deadletter

import (
	"context"
	"time"

	cloudevents "github.com/cloudevents/sdk-go/v2"

	"onex.io/onex/shared/fault"
	"onex.io/onex/shared/op"
	"onex.io/onex/shared/platform"
	"onex.io/onex/shared/store"
)

// keepDeadLetter keeps what could not be delivered. The event is the fact here; a forged one is a line in a list that
// nothing acts on.
type keepDeadLetter struct {
	letters letters
	now     func() time.Time
}

type letters interface {
	// InsertNew keeps the letters that are not kept yet.
	InsertNew(ctx context.Context, batch []letter) error
}

func newKeepDeadLetter(p *platform.Platform) (op.EventFunc, error) {
	db, err := p.Mongo()
	if err != nil {
		return nil, err
	}
	return (&keepDeadLetter{letters: store.In[letter](db, "deadletters"), now: p.Now}).Handle, nil
}

// Handle keeps the event under its source, id and destination: one that comes again is the same letter, as it was
// when it came first.
func (f *keepDeadLetter) Handle(ctx context.Context, e cloudevents.Event) error {
	l, err := letterOf(e, f.now())
	if err != nil {
		return fault.New(fault.Invalid, "BadEvent", "the event cannot be written down: %w", err)
	}
	return f.letters.InsertNew(ctx, []letter{l})
}
