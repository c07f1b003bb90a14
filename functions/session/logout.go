package session

import (
	"context"

	"onex.io/onex/shared/access"
	"onex.io/onex/shared/api/session"
	"onex.io/onex/shared/identity"
	"onex.io/onex/shared/op"
	"onex.io/onex/shared/platform"
)

// logout ends the caller's own session, and no other.
type logout struct{ sessions ender }

type ender interface {
	// End is no fault for a session that has ended already.
	End(ctx context.Context, userID, id string) error
}

func newLogout(p *platform.Platform) (op.RequestFunc[session.LogoutRequest, session.Logout], error) {
	db, err := p.Mongo()
	return (&logout{sessions: identity.NewSessions(db)}).Handle, err
}

// Handle takes the session from the token: nobody can name another's.
func (f *logout) Handle(ctx context.Context, _ *session.LogoutRequest) (*session.Logout, error) {
	caller := access.From(ctx)
	return &session.Logout{}, f.sessions.End(ctx, caller.UserID, caller.Session)
}
