package user

import (
	"context"
	"time"

	"onex.io/onex/shared/api/user"
	"onex.io/onex/shared/identity"
	"onex.io/onex/shared/op"
	"onex.io/onex/shared/platform"
)

// getUser shows a user to oneself, or to an administrator.
type getUser struct {
	users named
	locks locks
}

// locks says for whom log-ins are refused for a while.
type locks struct {
	attempts attempts
	most     int64
	now      func() time.Time
}

type attempts interface {
	Counted(ctx context.Context, key string, now time.Time) (count int64, end time.Time, err error)
	Count(ctx context.Context, key string, now time.Time) (count int64, err error)
	Forgive(ctx context.Context, key string) error
}

// status is where the user stands, the lock included.
func (l locks) status(ctx context.Context, u *identity.User) (identity.Status, error) {
	if u.Status != identity.Active {
		return u.Status, nil
	}
	count, _, err := l.attempts.Counted(ctx, identity.AccountKey(u.ID), l.now())
	if err == nil && count >= l.most {
		return identity.Locked, nil
	}
	return u.Status, err
}

func newGetUser(p *platform.Platform) (op.RequestFunc[user.GetRequest, user.User], error) {
	db, err := p.Mongo()
	if err != nil {
		return nil, err
	}
	return (&getUser{users: identity.NewUsers(db), locks: newLocks(p, identity.NewAttempts(db, p.Config.LoginWindow))}).Handle, nil
}

func newLocks(p *platform.Platform, a attempts) locks {
	return locks{attempts: a, most: p.Config.LoginFailures, now: p.Now}
}

// Handle tells everything but the password.
func (f *getUser) Handle(ctx context.Context, in *user.GetRequest) (*user.User, error) {
	u, err := person(ctx, f.users, in.Username)
	if err != nil {
		return nil, err
	}
	out := reply(u)
	status, err := f.locks.status(ctx, u)
	out.Status = string(status)
	return out, err
}
