package session

import (
	"context"
	"fmt"

	"onex.io/onex/shared/access"
	"onex.io/onex/shared/api/session"
	"onex.io/onex/shared/op"
	"onex.io/onex/shared/platform"
	"onex.io/onex/shared/token"
)

// authenticate tells a service that was handed a token whose it is.
type authenticate struct{ bearers access.Bearers }

func newAuthenticate(p *platform.Platform) (op.RequestFunc[session.AuthenticateRequest, session.Identity], error) {
	bearers, err := p.Bearers()
	return (&authenticate{bearers: bearers}).Handle, err
}

// Handle says yes to what every operation would take for a user, and to nothing else.
func (f *authenticate) Handle(ctx context.Context, in *session.AuthenticateRequest) (*session.Identity, error) {
	who, err := f.bearers.Identify(ctx, in.Body.Token)
	if err != nil {
		return nil, err
	}
	if who.Kind != token.Access && who.Kind != token.Signed {
		return nil, token.Refused(fmt.Errorf("a %s token speaks for no user", who.Kind))
	}
	return &session.Identity{UserID: who.UserID}, nil
}
