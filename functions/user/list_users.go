package user

import (
	"context"

	"onex.io/onex/shared/api/user"
	"onex.io/onex/shared/identity"
	"onex.io/onex/shared/op"
	"onex.io/onex/shared/platform"
)

// listUsers lists everybody, for an administrator.
type listUsers struct {
	users pages
	keys  keyCounter
}

type pages interface {
	// Page is a part of all who have not left, newest first, and how many those are.
	Page(ctx context.Context, limit, offset int64) (users []identity.User, total int64, err error)
}

type keyCounter interface {
	// Counts are how many secrets each has; who has none may be left out.
	Counts(ctx context.Context, userIDs []string) (map[string]int64, error)
}

func newListUsers(p *platform.Platform) (op.RequestFunc[user.ListRequest, user.List], error) {
	db, err := p.Mongo()
	if err != nil {
		return nil, err
	}
	return (&listUsers{users: identity.NewUsers(db), keys: identity.NewSecrets(db)}).Handle, nil
}

// Handle counts the secrets of those whom it lists.
func (f *listUsers) Handle(ctx context.Context, in *user.ListRequest) (*user.List, error) {
	users, total, err := f.users.Page(ctx, int64(in.Most()), int64(in.Offset))
	if err != nil {
		return nil, err
	}
	var ids []string
	for _, u := range users {
		ids = append(ids, u.ID)
	}
	counts, err := f.keys.Counts(ctx, ids)
	if err != nil {
		return nil, err
	}
	out := &user.List{TotalCount: total, Users: []user.User{}}
	for i := range users {
		one := reply(&users[i])
		one.Secrets = counts[users[i].ID]
		out.Users = append(out.Users, *one)
	}
	return out, nil
}
