package policy

import (
	"context"

	"onex.io/onex/shared/api/policy"
	"onex.io/onex/shared/op"
	"onex.io/onex/shared/platform"
)

// authorize tells a service whether somebody may do something.
type authorize struct{ judge *judge }

func newAuthorize(p *platform.Platform) (op.RequestFunc[policy.AuthorizeRequest, policy.Decision], error) {
	j, err := newJudge(p)
	return (&authorize{judge: j}).Handle, err
}

// Handle says which rule decided.
func (f *authorize) Handle(ctx context.Context, in *policy.AuthorizeRequest) (*policy.Decision, error) {
	return f.judge.subject(ctx, in.Body.Sub, in.Body.Obj, in.Body.Act)
}
