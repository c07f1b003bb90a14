package policy

import (
	"context"

	"onex.io/onex/shared/api/policy"
	"onex.io/onex/shared/op"
	"onex.io/onex/shared/platform"
	rules "onex.io/onex/shared/policy"
)

// deleteRoleBinding takes a role away.
type deleteRoleBinding struct{ rules unbinder }

type unbinder interface {
	// Unbind is no error when there is no such binding.
	Unbind(ctx context.Context, b rules.Binding) error
}

func newDeleteRoleBinding(p *platform.Platform) (op.RequestFunc[policy.UnbindRequest, policy.Done], error) {
	store, err := storeOf(p)
	return (&deleteRoleBinding{rules: store}).Handle, err
}

// Handle takes the role away.
func (f *deleteRoleBinding) Handle(ctx context.Context, in *policy.UnbindRequest) (*policy.Done, error) {
	return &policy.Done{}, f.rules.Unbind(ctx, rules.Binding{Sub: in.Sub, Role: in.Role})
}
