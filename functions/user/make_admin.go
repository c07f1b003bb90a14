package user

import (
	"context"
	"errors"
	"fmt"

	"onex.io/onex/shared/api/user"
	"onex.io/onex/shared/fault"
	"onex.io/onex/shared/platform"
)

// makeAdmin makes the administrator: a user like any other, who may act in every namespace. It never changes one who
// is there, so a password that the administrator has changed stays.
func makeAdmin(ctx context.Context, p *platform.Platform) error {
	f, err := signUps(p)
	if err != nil {
		return err
	}
	return f.makeAdmin(ctx, string(p.Config.AdminPassword))
}

func (f *createUser) makeAdmin(ctx context.Context, password string) error {
	if password == "" {
		return errors.New("ONEX_ADMIN_PASSWORD is not set")
	}
	u := f.newUser(user.Create{Username: f.reserved, Password: password, Nickname: "Administrator"})
	u.Admin = true
	err := f.keep(ctx, u)
	if err == nil {
		f.log.InfoContext(ctx, "administrator made", "username", u.Username, "user", u.ID)
		return nil
	}
	if fault.KindOf(err) != fault.Conflict {
		return fmt.Errorf("make administrator %q: %w", u.Username, err)
	}
	there, err := f.users.Get(ctx, u.ID)
	if err == nil && !there.Admin {
		err = errors.New("a user has that name; set ONEX_ADMIN_USERNAME to one that nobody has")
	}
	if err != nil {
		return fmt.Errorf("make administrator %q: %w", u.Username, err)
	}
	return nil
}
