package session

import (
	"context"
	"time"

	"onex.io/onex/shared/api/session"
	"onex.io/onex/shared/fault"
	"onex.io/onex/shared/identity"
	"onex.io/onex/shared/op"
	"onex.io/onex/shared/platform"
)

// login turns a username and its password into a session and its two tokens.
type login struct {
	users    users
	sessions sessions
	issuer   *issuer
}

type users interface {
	// Named is Missing when nobody has the name.
	Named(ctx context.Context, username string) (*identity.User, error)
}

type sessions interface {
	Start(ctx context.Context, userID string, now time.Time, life time.Duration) (*identity.Session, error)
}

func newLogin(p *platform.Platform) (op.RequestFunc[session.LoginRequest, session.Tokens], error) {
	db, err := p.Mongo()
	if err != nil {
		return nil, err
	}
	issuer, err := newIssuer(p)
	return (&login{users: identity.NewUsers(db), sessions: identity.NewSessions(db), issuer: issuer}).Handle, err
}

// Handle answers a wrong name and a wrong password alike, in the same time.
func (f *login) Handle(ctx context.Context, in *session.LoginRequest) (*session.Tokens, error) {
	u, err := f.users.Named(ctx, in.Body.Username)
	if err != nil && fault.KindOf(err) != fault.Missing {
		return nil, err
	}
	if u == nil {
		u = &identity.User{}
	}
	if !identity.PasswordMatches(u.PasswordHash, in.Body.Password) || u.Status != identity.Active {
		return nil, fault.New(fault.Unauthenticated, "UserLoginFailed", "username or password is wrong")
	}
	s, err := f.sessions.Start(ctx, u.ID, f.issuer.now(), f.issuer.refreshLife)
	if err != nil {
		return nil, err
	}
	return f.issuer.pair(s, 0)
}
