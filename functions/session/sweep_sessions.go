package session

import (
	"context"
	"log/slog"
	"time"

	cloudevents "github.com/cloudevents/sdk-go/v2"

	"onex.io/onex/shared/identity"
	"onex.io/onex/shared/op"
	"onex.io/onex/shared/platform"
)

// sweepSessions forgets what is of no use any more. What it has not swept is refused all the same: it only takes room.
type sweepSessions struct {
	sessions sessionSweeper
	attempts attemptSweeper
	history  attemptSweeper
	keep     time.Duration // the history
	now      func() time.Time
	log      *slog.Logger
}

type sessionSweeper interface {
	Sweep(ctx context.Context, now time.Time) (ended int64, err error)
}

type attemptSweeper interface {
	Sweep(ctx context.Context, moment time.Time) error
}

func newSweepSessions(p *platform.Platform) (op.EventFunc, error) {
	db, err := p.Mongo()
	if err != nil {
		return nil, err
	}
	return (&sweepSessions{
		sessions: identity.NewSessions(db), attempts: identity.NewAttempts(db, p.Config.LoginWindow), history: identity.NewHistory(db),
		keep: p.Config.LoginHistory, now: p.Now, log: p.Log,
	}).Handle, nil
}

// Handle sweeps at every tick, however often it comes.
func (f *sweepSessions) Handle(ctx context.Context, _ cloudevents.Event) error {
	now := f.now()
	ended, err := f.sessions.Sweep(ctx, now)
	if err != nil {
		return err
	}
	if err := f.attempts.Sweep(ctx, now); err != nil {
		return err
	}
	f.log.InfoContext(ctx, "swept", "sessions", ended)
	return f.history.Sweep(ctx, now.Add(-f.keep))
}
