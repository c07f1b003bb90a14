package session

import (
	"context"
	"time"

	"onex.io/onex/shared/access"
	"onex.io/onex/shared/api/session"
	"onex.io/onex/shared/identity"
	"onex.io/onex/shared/op"
	"onex.io/onex/shared/platform"
)

// refreshToken gives the holder of a refresh token the next pair of its session.
type refreshToken struct {
	sessions renewer
	issuer   *issuer
}

type renewer interface {
	// Renew spends the refresh token of a round. One that is spent already ends its session and is Unauthenticated.
	Renew(ctx context.Context, id string, round int64, expires time.Time) (*identity.Session, error)
}

func newRefreshToken(p *platform.Platform) (op.RequestFunc[session.RefreshRequest, session.Tokens], error) {
	db, err := p.Mongo()
	if err != nil {
		return nil, err
	}
	issuer, err := newIssuer(p)
	return (&refreshToken{sessions: identity.NewSessions(db), issuer: issuer}).Handle, err
}

// Handle spends the token first: of two who hold it, at most one gets a pair, and it does not live long.
func (f *refreshToken) Handle(ctx context.Context, _ *session.RefreshRequest) (*session.Tokens, error) {
	caller := access.From(ctx)
	s, err := f.sessions.Renew(ctx, caller.Session, caller.Round, f.issuer.now().Add(f.issuer.refreshLife))
	if err != nil {
		return nil, err
	}
	return f.issuer.pair(s, caller.Round+1)
}
