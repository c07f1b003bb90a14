package policy

import (
	"context"

	"onex.io/onex/shared/api/policy"
	"onex.io/onex/shared/op"
	"onex.io/onex/shared/platform"
)

// deletePolicy forgets a policy.
type deletePolicy struct{ rules deleter }

type deleter interface {
	// Delete is no error when there is no policy of the name.
	Delete(ctx context.Context, name string) error
}

func newDeletePolicy(p *platform.Platform) (op.RequestFunc[policy.DeleteRequest, policy.Done], error) {
	store, err := storeOf(p)
	return (&deletePolicy{rules: store}).Handle, err
}

// Handle forgets the policy of the name.
func (f *deletePolicy) Handle(ctx context.Context, in *policy.DeleteRequest) (*policy.Done, error) {
	return &policy.Done{}, f.rules.Delete(ctx, in.Name)
}
