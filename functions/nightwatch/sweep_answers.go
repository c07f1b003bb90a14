package nightwatch

import (
	"context"
	"log/slog"
	"time"

	cloudevents "github.com/cloudevents/sdk-go/v2"

	"onex.io/onex/shared/once"
	"onex.io/onex/shared/op"
	"onex.io/onex/shared/platform"
)

// sweepAnswers forgets answers that nobody may ask for again. Whoever asks does not depend on it: an answer that is too
// old counts as none wherever it still stands.
type sweepAnswers struct {
	sweep func(ctx context.Context, now time.Time) (int64, error)
	now   func() time.Time
	log   *slog.Logger
}

func newSweepAnswers(p *platform.Platform) (op.EventFunc, error) {
	db, err := p.Mongo()
	if err != nil {
		return nil, err
	}
	sweep := func(ctx context.Context, now time.Time) (int64, error) { return once.Sweep(ctx, db, now) }
	return (&sweepAnswers{sweep: sweep, now: p.Now, log: p.Log}).Handle, nil
}

// Handle ignores what the tick says: it is only a reason to look.
func (f *sweepAnswers) Handle(ctx context.Context, _ cloudevents.Event) error {
	n, err := f.sweep(ctx, f.now())
	if n > 0 {
		f.log.InfoContext(ctx, "forgotten", "answers", n)
	}
	return err
}
