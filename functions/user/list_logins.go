package user

import (
	"context"

	"onex.io/onex/shared/api/user"
	"onex.io/onex/shared/identity"
	"onex.io/onex/shared/op"
	"onex.io/onex/shared/platform"
)

// listLogins lists the log-ins of a user, good and bad, to oneself or to an administrator.
type listLogins struct {
	users   named
	history historian
}

type historian interface {
	// Page is a part of the user's log-ins, newest first, and how many there are.
	Page(ctx context.Context, userID string, limit, offset int64) (page []identity.LogIn, total int64, err error)
}

func newListLogins(p *platform.Platform) (op.RequestFunc[user.LoginsRequest, user.Logins], error) {
	db, err := p.Mongo()
	if err != nil {
		return nil, err
	}
	return (&listLogins{users: identity.NewUsers(db), history: identity.NewHistory(db)}).Handle, nil
}

// Handle takes the user from the name and the log-ins from the user.
func (f *listLogins) Handle(ctx context.Context, in *user.LoginsRequest) (*user.Logins, error) {
	u, err := person(ctx, f.users, in.Username)
	if err != nil {
		return nil, err
	}
	page, total, err := f.history.Page(ctx, u.ID, int64(in.Most()), int64(in.Offset))
	if err != nil {
		return nil, err
	}
	out := &user.Logins{TotalCount: total, Items: []user.Login{}}
	for _, l := range page {
		out.Items = append(out.Items, user.Login{At: l.At, Kind: string(l.Client), Client: l.Agent, Address: l.Address, Result: string(l.Result)})
	}
	return out, nil
}
