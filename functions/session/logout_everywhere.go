package session

import (
	"context"

	"onex.io/onex/shared/access"
	"onex.io/onex/shared/api/session"
	"onex.io/onex/shared/identity"
	"onex.io/onex/shared/op"
	"onex.io/onex/shared/platform"
)

// logoutEverywhere ends every session of the caller, this one too.
type logoutEverywhere struct {
	users    sessionEnder
	sessions clearer
}

type sessionEnder interface {
	// EndSessions ends all that there are, and all that are just beginning, in one step.
	EndSessions(ctx context.Context, userID string) error
}

type clearer interface {
	// Clear forgets what has ended, but for one.
	Clear(ctx context.Context, userID, but string) error
}

func newLogoutEverywhere(p *platform.Platform) (op.RequestFunc[session.LogoutEverywhereRequest, session.Logout], error) {
	db, err := p.Mongo()
	return (&logoutEverywhere{users: identity.NewUsers(db), sessions: identity.NewSessions(db)}).Handle, err
}

// Handle ends first and tidies up then: if it dies in between, nothing has to be done again.
func (f *logoutEverywhere) Handle(ctx context.Context, _ *session.LogoutEverywhereRequest) (*session.Logout, error) {
	userID := access.From(ctx).UserID
	if err := f.users.EndSessions(ctx, userID); err != nil {
		return nil, err
	}
	return &session.Logout{}, f.sessions.Clear(ctx, userID, "")
}
