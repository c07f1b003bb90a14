package policy

import (
	"context"
	"fmt"

	"onex.io/onex/shared/access"
	"onex.io/onex/shared/api/policy"
	"onex.io/onex/shared/op"
	"onex.io/onex/shared/platform"
	"onex.io/onex/shared/token"
)

// auth tells a service that was handed a token whose it is, and whether that user may do something.
type auth struct {
	bearers access.Bearers
	judge   *judge
}

func newAuth(p *platform.Platform) (op.RequestFunc[policy.AuthRequest, policy.Verdict], error) {
	bearers, err := p.Bearers()
	if err != nil {
		return nil, err
	}
	j, err := newJudge(p)
	return (&auth{bearers: bearers, judge: j}).Handle, err
}

// Handle refuses a token that speaks for no user, as every operation would; a user who may not is an answer.
func (f *auth) Handle(ctx context.Context, in *policy.AuthRequest) (*policy.Verdict, error) {
	who, err := f.bearers.Identify(ctx, in.Body.Token)
	if err != nil {
		return nil, err
	}
	if who.Kind != token.Access && who.Kind != token.Signed {
		return nil, token.Refused(fmt.Errorf("a %s token speaks for no user", who.Kind))
	}
	decision, err := f.judge.user(ctx, who, in.Body.Obj, in.Body.Act)
	if err != nil {
		return nil, err
	}
	return &policy.Verdict{UserID: who.UserID, Decision: *decision}, nil
}
