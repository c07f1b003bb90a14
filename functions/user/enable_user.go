package user

import (
	"context"
	"time"

	"onex.io/onex/shared/api/user"
	"onex.io/onex/shared/identity"
	"onex.io/onex/shared/op"
	"onex.io/onex/shared/platform"
)

// enableUser lets somebody in again: who was disabled, and for whom too many log-ins have failed.
type enableUser struct {
	users mover
	locks locks
}

type mover interface {
	named
	// Move is false for a user who is there already, and a Conflict for one who cannot come there.
	Move(ctx context.Context, id string, to identity.Status, now time.Time) (moved bool, err error)
}

func newEnableUser(p *platform.Platform) (op.RequestFunc[user.EnableRequest, user.Done], error) {
	db, err := p.Mongo()
	if err != nil {
		return nil, err
	}
	return (&enableUser{users: identity.NewUsers(db), locks: newLocks(p, identity.NewAttempts(db, p.Config.LoginWindow))}).Handle, nil
}

// Handle leaves who has never logged in as that is.
func (f *enableUser) Handle(ctx context.Context, in *user.EnableRequest) (*user.Done, error) {
	u, err := staying(anybody(ctx, f.users, in.Username))
	if err != nil {
		return nil, err
	}
	if u.Status == identity.Disabled {
		if _, err := f.users.Move(ctx, u.ID, identity.Active, f.locks.now()); err != nil {
			return nil, err
		}
	}
	return &user.Done{}, f.locks.attempts.Forgive(ctx, identity.AccountKey(u.ID))
}
