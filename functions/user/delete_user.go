package user

import (
	"context"
	"log/slog"
	"time"

	"onex.io/onex/eventing"
	"onex.io/onex/shared/api/user"
	"onex.io/onex/shared/fault"
	"onex.io/onex/shared/identity"
	"onex.io/onex/shared/op"
	"onex.io/onex/shared/platform"
	"onex.io/onex/shared/publish"
)

// deleteUser sends a user on the way out: sessions and keys end at once, and the news of it has the rest removed.
type deleteUser struct {
	users    mover
	outbox   outbox
	reserved string // the administrator's username
	now      func() time.Time
	log      *slog.Logger
}

func newDeleteUser(p *platform.Platform) (op.RequestFunc[user.DeleteRequest, user.Done], error) {
	db, err := p.Mongo()
	if err != nil {
		return nil, err
	}
	return (&deleteUser{
		users: identity.NewUsers(db), outbox: publish.NewOutbox(db, p.Broker(), p.Now),
		reserved: p.Config.AdminUsername, now: p.Now, log: p.Log,
	}).Handle, nil
}

// Handle takes a user who is not there for deleted, as the original does.
func (f *deleteUser) Handle(ctx context.Context, in *user.DeleteRequest) (*user.Done, error) {
	u, err := person(ctx, f.users, in.Username)
	if err != nil && fault.KindOf(err) == fault.Missing {
		return &user.Done{}, nil
	}
	if err != nil {
		return nil, err
	}
	if u.Admin && u.Username == f.reserved {
		return nil, forbidden("the first administrator cannot be deleted")
	}
	return &user.Done{}, f.send(ctx, u.ID)
}

// send intends the news before the user is sent off. If it dies in between, the relay tells it, and the clock would
// find the user as well.
func (f *deleteUser) send(ctx context.Context, id string) error {
	now := f.now()
	deleted, err := eventing.New(eventing.UserDeleted, "/users", id+"/deleted", now, eventing.UserDeletedData{UserID: id})
	if err != nil {
		return err
	}
	if err := f.outbox.Intend(ctx, deleted); err != nil {
		return err
	}
	if _, err := f.users.Move(ctx, id, identity.Deleting, now); err != nil {
		return err
	}
	if err := f.outbox.Tell(ctx, deleted); err != nil {
		f.log.WarnContext(ctx, "news waits for the relay", "event", deleted.ID(), "error", err)
	}
	return nil
}
