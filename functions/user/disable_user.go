package user

import (
	"context"
	"time"

	"onex.io/onex/shared/api/user"
	"onex.io/onex/shared/identity"
	"onex.io/onex/shared/op"
	"onex.io/onex/shared/platform"
)

// disableUser keeps somebody out: sessions end for good, keys until the user is enabled again. What runs goes on.
type disableUser struct {
	users    mover
	reserved string // the administrator's username
	now      func() time.Time
}

func newDisableUser(p *platform.Platform) (op.RequestFunc[user.DisableRequest, user.Done], error) {
	db, err := p.Mongo()
	if err != nil {
		return nil, err
	}
	return (&disableUser{users: identity.NewUsers(db), reserved: p.Config.AdminUsername, now: p.Now}).Handle, nil
}

// Handle spares the first administrator: nobody could enable that one again.
func (f *disableUser) Handle(ctx context.Context, in *user.DisableRequest) (*user.Done, error) {
	u, err := staying(anybody(ctx, f.users, in.Username))
	if err != nil {
		return nil, err
	}
	if u.Admin && u.Username == f.reserved {
		return nil, forbidden("the first administrator cannot be disabled")
	}
	_, err = f.users.Move(ctx, u.ID, identity.Disabled, f.now())
	return &user.Done{}, err
}
