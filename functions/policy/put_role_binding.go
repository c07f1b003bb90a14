package policy

import (
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

// putRoleBinding gives somebody a role.
type putRoleBinding struct {
	rules binder
	now   func() time.Time
}

type binder interface {
	// Bind is Invalid when there are the most already.
	Bind(ctx context.Context, b rules.Binding) error
}

func newPutRoleBinding(p *platform.Platform) (op.RequestFunc[policy.BindRequest, policy.Done], error) {
	store, err := storeOf(p)
	return (&putRoleBinding{rules: store, now: p.Now}).Handle, err
}

// Handle takes no role that is somebody's name, for what is said of a user would be said of others then, and none that
// the platform itself gives.
func (f *putRoleBinding) Handle(ctx context.Context, in *policy.BindRequest) (*policy.Done, error) {
	switch {
	case in.Role == access.Users || in.Role == access.Admins:
		return nil, fault.Field("path.role", "the platform itself says who has this role")
	case strings.HasPrefix(in.Role, "user-"):
		return nil, fault.Field("path.role", "that is the name of a user")
	case in.Sub == access.Root:
		return nil, fault.Field("path.sub", "who is root needs no role")
	}
	b := rules.Binding{Sub: in.Sub, Role: in.Role, By: access.From(ctx).UserID, At: f.now().UTC().Truncate(time.Millisecond)}
	return &policy.Done{}, f.rules.Bind(ctx, b)
}
