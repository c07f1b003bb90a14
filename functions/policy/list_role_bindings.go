package policy

import (
	"cmp"
	"context"
	"slices"

	"onex.io/onex/shared/api/policy"
	"onex.io/onex/shared/op"
	"onex.io/onex/shared/platform"
)

// listRoleBindings shows who has which role. Those that the platform itself gives are not among them.
type listRoleBindings struct{ rules reader }

func newListRoleBindings(p *platform.Platform) (op.RequestFunc[policy.ListBindingsRequest, policy.Bindings], error) {
	store, err := storeOf(p)
	return (&listRoleBindings{rules: store}).Handle, err
}

// Handle reads them from the store itself.
func (f *listRoleBindings) Handle(ctx context.Context, _ *policy.ListBindingsRequest) (*policy.Bindings, error) {
	r, err := f.rules.Read(ctx)
	if err != nil {
		return nil, err
	}
	list := &policy.Bindings{TotalCount: int64(len(r.Bindings)), RoleBindings: []policy.Binding{}}
	for _, b := range r.Bindings {
		list.RoleBindings = append(list.RoleBindings, policy.Binding{Role: b.Role, Sub: b.Sub, UpdatedBy: b.By, UpdatedAt: b.At.UTC()})
	}
	slices.SortFunc(list.RoleBindings, func(a, b policy.Binding) int {
		return cmp.Or(cmp.Compare(a.Role, b.Role), cmp.Compare(a.Sub, b.Sub))
	})
	return list, nil
}
