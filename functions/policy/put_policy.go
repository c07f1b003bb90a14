package policy

import (
	"cmp"
	"context"
	"strings"
	"time"

	"onex.io/onex/shared/access"
	"onex.io/onex/shared/api/policy"
	"onex.io/onex/shared/fault"
	"onex.io/onex/shared/op"
	"onex.io/onex/shared/platform"
	rules "onex.io/onex/shared/policy"
)

// putPolicy keeps a policy.
type putPolicy struct {
	rules putter
	now   func() time.Time
}

type putter interface {
	// Put is Invalid when there are the most already.
	Put(ctx context.Context, row rules.Row) error
}

func newPutPolicy(p *platform.Platform) (op.RequestFunc[policy.PutRequest, policy.Done], error) {
	store, err := storeOf(p)
	return (&putPolicy{rules: store, now: p.Now}).Handle, err
}

// Handle keeps the row as it is written. A star amid a path would look as if it meant something.
func (f *putPolicy) Handle(ctx context.Context, in *policy.PutRequest) (*policy.Done, error) {
	if start, _ := strings.CutSuffix(in.Body.Obj, rules.Every); strings.Contains(start, rules.Every) {
		return nil, fault.Field("body.obj", "a star may only stand at the end")
	}
	if act := in.Body.Act; act != rules.Every && strings.Contains(act, rules.Every) {
		return nil, fault.Field("body.act", "a star may only stand alone")
	}
	return &policy.Done{}, f.rules.Put(ctx, rules.Row{
		Name: in.Name, Sub: in.Body.Sub, Obj: in.Body.Obj, Act: in.Body.Act,
		Eft: access.Effect(cmp.Or(in.Body.Eft, string(access.Allow))), By: access.From(ctx).UserID, At: f.now().UTC().Truncate(time.Millisecond),
	})
}
