package quota

import (
	"context"
	"time"

	"onex.io/onex/shared/access"
	"onex.io/onex/shared/api/quota"
	"onex.io/onex/shared/fault"
	"onex.io/onex/shared/identity"
	"onex.io/onex/shared/op"
	"onex.io/onex/shared/platform"
	limits "onex.io/onex/shared/quota"
)

// setQuota writes a line of the administrators' list.
type setQuota struct {
	account account
	users   userReader
	list    allower
	now     func() time.Time
}

type userReader interface {
	// Get is Missing when there is no such user.
	Get(ctx context.Context, id string) (*identity.User, error)
}

type allower interface {
	Allow(ctx context.Context, a limits.Allowance) error
}

func newSetQuota(p *platform.Platform) (op.RequestFunc[quota.SetRequest, quota.Quota], error) {
	db, err := p.Mongo()
	if err != nil {
		return nil, err
	}
	list := limits.NewLimits(db, p.Config.MinersPerUser)
	return (&setQuota{account: account{limits: list, book: bookOf(p)}, users: identity.NewUsers(db), list: list, now: p.Now}).Handle, nil
}

// Handle allows the number. What is paid already stays paid, even where that is more.
func (f *setQuota) Handle(ctx context.Context, in *quota.SetRequest) (*quota.Quota, error) {
	if _, err := f.users.Get(ctx, in.UserID); fault.KindOf(err) == fault.Missing && err != nil {
		return nil, fault.New(fault.Missing, "UserNotFound", "there is no user %q", in.UserID)
	} else if err != nil {
		return nil, err
	}
	line := limits.Allowance{UserID: in.UserID, Miners: in.Body.Miners, By: access.From(ctx).UserID, At: f.now().UTC()}
	if err := f.list.Allow(ctx, line); err != nil {
		return nil, err
	}
	return f.account.of(ctx, in.UserID)
}
