package user

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	cloudevents "github.com/cloudevents/sdk-go/v2"

	"onex.io/onex/eventing"
	"onex.io/onex/shared/fault"
	"onex.io/onex/shared/identity"
	"onex.io/onex/shared/kube"
	"onex.io/onex/shared/op"
	"onex.io/onex/shared/platform"
)

// removeUser removes what a user leaves behind. Each step may be done again, so that whatever dies in between, the
// clock goes on with it; the status is what says that there is something left. The ledger stays.
type removeUser struct {
	users      leavers
	belongings []belonging
	namespaces grounds
	now        func() time.Time
	pause      func(context.Context) // between two looks at a namespace that goes
	log        *slog.Logger
}

type leavers interface {
	Get(ctx context.Context, id string) (*identity.User, error)
	// Leaving are all who are on their way out.
	Leaving(ctx context.Context) ([]identity.User, error)
	// Bury leaves nothing but that the name was had.
	Bury(ctx context.Context, u *identity.User, now time.Time) error
	// Disclaim forgets what the user logged in with.
	Disclaim(ctx context.Context, before, now *identity.User) error
}

// belonging is what a user has in the store: sessions, keys, log-ins.
type belonging interface {
	Forget(ctx context.Context, userID string) error
}

type grounds interface {
	// DeleteNamespace has it go, with every chain, pool and miner in it; one that is not there is as good as gone.
	DeleteNamespace(ctx context.Context, name string) error
	NamespaceGone(ctx context.Context, name string) (bool, error)
}

// looks is how often a removal looks whether the namespace has gone, before it leaves that to the clock.
const looks = 20

func newRemoveUser(p *platform.Platform) (op.EventFunc, error) {
	db, err := p.Mongo()
	if err != nil {
		return nil, err
	}
	objects, err := p.Kube()
	if err != nil {
		return nil, err
	}
	return (&removeUser{
		users:      identity.NewDirectory(db),
		belongings: []belonging{identity.NewSessions(db), identity.NewSecrets(db), identity.NewHistory(db), identity.NewAttempts(db, p.Config.LoginWindow)},
		namespaces: objects, now: p.Now, pause: halfASecond, log: p.Log,
	}).Handle, nil
}

func halfASecond(ctx context.Context) {
	select {
	case <-ctx.Done():
	case <-time.After(500 * time.Millisecond):
	}
}

// Handle removes the user whom the event names, or whoever is leaving when the clock ticks. The event is a hint: who
// is not leaving, stays.
func (f *removeUser) Handle(ctx context.Context, e cloudevents.Event) error {
	if e.Type() == eventing.Tick {
		return f.sweep(ctx)
	}
	var data eventing.UserDeletedData
	if err := e.DataAs(&data); err != nil {
		return fault.New(fault.Invalid, "BadPayload", "the event names no user: %w", err)
	}
	u, err := f.users.Get(ctx, data.UserID)
	if err != nil && fault.KindOf(err) == fault.Missing || err == nil && u.Status != identity.Deleting {
		return nil // forged, late, or told again
	}
	if err != nil {
		return err
	}
	for range looks {
		if gone, err := f.remove(ctx, u); gone || err != nil {
			return err
		}
		if f.pause(ctx); ctx.Err() != nil {
			break
		}
	}
	return nil // the clock goes on with it
}

// sweep goes one step with each who is leaving. One who cannot be removed does not hold up the others.
func (f *removeUser) sweep(ctx context.Context) error {
	leaving, err := f.users.Leaving(ctx)
	if err != nil {
		return err
	}
	failed := 0
	for i := range leaving {
		if _, fault := f.remove(ctx, &leaving[i]); fault != nil {
			err, failed = fault, failed+1
		}
	}
	if err != nil {
		return fmt.Errorf("%d of %d users are not removed, as: %w", failed, len(leaving), err)
	}
	return nil
}

// remove does every step that can be done now; gone says that it was the last.
func (f *removeUser) remove(ctx context.Context, u *identity.User) (gone bool, err error) {
	if err := f.namespaces.DeleteNamespace(ctx, u.ID); err != nil {
		return false, kube.Translate(err)
	}
	for _, b := range f.belongings {
		if err := b.Forget(ctx, u.ID); err != nil {
			return false, err
		}
	}
	if err := f.users.Disclaim(ctx, u, nil); err != nil {
		return false, err
	}
	if gone, err = f.namespaces.NamespaceGone(ctx, u.ID); err != nil || !gone {
		return false, kube.Translate(err)
	}
	f.log.InfoContext(ctx, "user removed", "user", u.ID)
	return true, f.users.Bury(ctx, u, f.now())
}
