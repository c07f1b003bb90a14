package user

import (
	"context"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"onex.io/onex/shared/api/user"
	"onex.io/onex/shared/fault"
	"onex.io/onex/shared/identity"
	"onex.io/onex/shared/op"
	"onex.io/onex/shared/platform"
)

// updateUser changes what a user says about oneself.
type updateUser struct {
	users directory
	now   func() time.Time
}

type directory interface {
	named
	// Set is false when the user is not there.
	Set(ctx context.Context, id string, fields bson.D) (there bool, err error)
	contacts
	// Disclaim forgets what the user logged in with and has no more.
	Disclaim(ctx context.Context, before, now *identity.User) error
}

type contacts interface {
	// Claim lets the user log in with the own e-mail address and phone number, unless somebody else does.
	Claim(ctx context.Context, u *identity.User) error
}

func newUpdateUser(p *platform.Platform) (op.RequestFunc[user.UpdateRequest, user.Done], error) {
	db, err := p.Mongo()
	if err != nil {
		return nil, err
	}
	return (&updateUser{users: identity.NewDirectory(db), now: p.Now}).Handle, nil
}

// Handle changes what is named. The user is written before the addresses: an address counts only while it is the
// user's, so that whatever dies in between, nobody logs in as somebody else, and a repeat makes up for it.
func (f *updateUser) Handle(ctx context.Context, in *user.UpdateRequest) (*user.Done, error) {
	before, err := staying(person(ctx, f.users, in.Username))
	if err != nil {
		return nil, err
	}
	after := *before
	fields := bson.D{{Key: "updatedAt", Value: f.now().UTC().Truncate(time.Millisecond)}}
	for _, change := range []struct {
		key  string
		to   *string
		kept *string
	}{{"nickname", in.Body.Nickname, &after.Nickname}, {"email", in.Body.Email, &after.Email}, {"phone", in.Body.Phone, &after.Phone}} {
		if change.to != nil {
			*change.kept = *change.to
			fields = append(fields, bson.E{Key: change.key, Value: *change.to})
		}
	}
	there, err := f.users.Set(ctx, before.ID, fields)
	if err == nil && !there {
		err = fault.New(fault.Missing, "UserNotFound", "there is no user %q any more", in.Username)
	}
	if err != nil {
		return nil, err
	}
	if err := f.users.Claim(ctx, &after); err != nil {
		return nil, err
	}
	return &user.Done{}, f.users.Disclaim(ctx, before, &after)
}
