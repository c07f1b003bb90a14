package session

import (
	"context"
	"errors"
	"time"

	"onex.io/onex/shared/api/session"
	"onex.io/onex/shared/fault"
	"onex.io/onex/shared/identity"
	"onex.io/onex/shared/op"
	"onex.io/onex/shared/platform"
	"onex.io/onex/shared/token"
)

// login turns a username and its password into a session and its two tokens.
type login struct {
	users       users
	sessions    sessions
	tokens      *token.Signer
	accessLife  time.Duration
	refreshLife time.Duration
	now         func() time.Time
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
	if p.Config.TokenKey.PrivateKey == nil {
		return nil, errors.New("ONEX_TOKEN_KEY is not set")
	}
	f := &login{
		users: identity.NewUsers(db), sessions: identity.NewSessions(db),
		tokens:     token.NewLoginSigner(p.Config.TokenKey.PrivateKey, p.Now),
		accessLife: p.Config.AccessTokenLife, refreshLife: p.Config.RefreshTokenLife, now: p.Now,
	}
	return f.Handle, nil
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
	now := f.now()
	s, err := f.sessions.Start(ctx, u.ID, now, f.refreshLife)
	if err != nil {
		return nil, err
	}
	return f.pair(s, now)
}

func (f *login) pair(s *identity.Session, now time.Time) (*session.Tokens, error) {
	expires := now.Add(f.accessLife)
	access, err := f.tokens.Sign(token.Claims{Subject: s.UserID, Session: s.ID, Kind: token.Access, Expires: expires})
	if err != nil {
		return nil, err
	}
	refresh, err := f.tokens.Sign(token.Claims{Subject: s.UserID, Session: s.ID, Kind: token.Refresh, Expires: s.Expires})
	if err != nil {
		return nil, err
	}
	return &session.Tokens{AccessToken: access, RefreshToken: refresh, Type: "Bearer", ExpiresAt: expires.Unix()}, nil
}
