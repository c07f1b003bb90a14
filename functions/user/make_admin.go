package user

import (
	"context"
	"errors"
	"fmt"

	"onex.io/onex/shared/api/user"
	"onex.io/onex/shared/fault"
	"onex.io/onex/shared/identity"
	"onex.io/onex/shared/platform"
)

// makeAdmin makes the administrator: a user like any other, who may act in every namespace.
type makeAdmin struct {
	people    *createUser
	passwords passwords
}

type passwords interface {
	// ReplacePassword is false when the user's hash is not from any more.
	ReplacePassword(ctx context.Context, id, from, to string) (bool, error)
}

func runMakeAdmin(ctx context.Context, p *platform.Platform) error {
	people, err := signUps(p)
	if err != nil {
		return err
	}
	db, err := p.Mongo()
	if err != nil {
		return err
	}
	return (&makeAdmin{people: people, passwords: identity.NewUsers(db)}).Run(ctx, string(p.Config.AdminPassword))
}

// Run leaves an administrator who is there alone, but for one thing: a first password that was never changed is the
// one of this deployment, whose Secret is the only place that knows it.
func (f *makeAdmin) Run(ctx context.Context, password string) error {
	if password == "" {
		return errors.New("ONEX_ADMIN_PASSWORD is not set")
	}
	u := f.people.newUser(user.Create{Username: f.people.reserved, Password: password, Nickname: "Administrator"})
	u.Admin, u.DeployedHash = true, u.PasswordHash
	err := f.people.keep(ctx, u)
	if err == nil {
		f.people.log.InfoContext(ctx, "administrator made", "username", u.Username, "user", u.ID)
		return nil
	}
	if fault.KindOf(err) == fault.Conflict {
		err = f.renew(ctx, u, password)
	}
	if err != nil {
		return fmt.Errorf("make administrator %q: %w", u.Username, err)
	}
	return nil
}

func (f *makeAdmin) renew(ctx context.Context, u *identity.User, password string) error {
	there, err := f.people.users.Get(ctx, u.ID)
	switch {
	case err != nil:
		return err
	case !there.Admin:
		return errors.New("a user has that name; set ONEX_ADMIN_USERNAME to one that nobody has")
	case there.PasswordHash != there.DeployedHash:
		return nil
	}
	if known, _ := f.people.passwords.Match(there.PasswordHash, password); known {
		return nil
	}
	renewed, err := f.passwords.ReplacePassword(ctx, u.ID, there.PasswordHash, u.PasswordHash)
	if renewed {
		f.people.log.InfoContext(ctx, "the administrator's first password is that of this deployment", "username", u.Username)
	}
	return err
}
