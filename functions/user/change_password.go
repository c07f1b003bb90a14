package user

import (
	"context"
	"time"

	"onex.io/onex/shared/access"
	"onex.io/onex/shared/api/user"
	"onex.io/onex/shared/fault"
	"onex.io/onex/shared/identity"
	"onex.io/onex/shared/op"
	"onex.io/onex/shared/platform"
)

// changePassword changes the caller's own password. Every other session ends.
type changePassword struct {
	users     passwordChanger
	sessions  keeper
	locks     locks
	passwords identity.Passwords
}

type passwordChanger interface {
	named
	// ChangePassword begins a new epoch in the same step; done is false when the hash is another by now.
	ChangePassword(ctx context.Context, u *identity.User, to string, now time.Time) (epoch string, done bool, err error)
}

type keeper interface {
	// Keep takes a session along into another epoch.
	Keep(ctx context.Context, id, epoch string) error
	// Clear forgets the sessions that have ended, but for one.
	Clear(ctx context.Context, userID, but string) error
}

func newChangePassword(p *platform.Platform) (op.RequestFunc[user.ChangePasswordRequest, user.Done], error) {
	db, err := p.Mongo()
	if err != nil {
		return nil, err
	}
	return (&changePassword{
		users: identity.NewUsers(db), sessions: identity.NewSessions(db), passwords: p.Passwords(),
		locks: newLocks(p, identity.NewAttempts(db, p.Config.LoginWindow)),
	}).Handle, nil
}

// Handle takes the old password for a log-in that is tried: who has stolen a session guesses no more often than a
// stranger. Nobody changes another's password, an administrator neither.
func (f *changePassword) Handle(ctx context.Context, in *user.ChangePasswordRequest) (*user.Done, error) {
	caller := access.From(ctx)
	if caller.UserID != identity.UserID(in.Username) {
		return nil, forbidden("you may change your own password alone")
	}
	u, err := staying(person(ctx, f.users, in.Username))
	if err != nil {
		return nil, err
	}
	if err := f.known(ctx, u, in.Body.OldPassword); err != nil {
		return nil, err
	}
	epoch, done, err := f.users.ChangePassword(ctx, u, f.passwords.Hash(in.Body.NewPassword), f.locks.now().UTC().Truncate(time.Millisecond))
	if err == nil && !done {
		err = fault.New(fault.Conflict, "PasswordChanged", "the password has been changed meanwhile")
	}
	if err != nil {
		return nil, err
	}
	if caller.Session != "" { // without one, it is by a key
		if err := f.sessions.Keep(ctx, caller.Session, epoch); err != nil {
			return nil, err
		}
	}
	return &user.Done{}, f.sessions.Clear(ctx, u.ID, caller.Session)
}

func (f *changePassword) known(ctx context.Context, u *identity.User, password string) error {
	count, err := f.locks.attempts.Count(ctx, identity.AccountKey(u.ID), f.locks.now())
	if err != nil {
		return err
	}
	if ok, _ := f.passwords.Match(u.PasswordHash, password); !ok || count > f.locks.most {
		return fault.Field("body.oldPassword", "it is wrong, or too many have been; try again later")
	}
	return f.locks.attempts.Forgive(ctx, identity.AccountKey(u.ID))
}
