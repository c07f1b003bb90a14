package policy

import (
	"cmp"
	"context"
	"slices"

	"onex.io/onex/shared/api/policy"
	"onex.io/onex/shared/op"
	"onex.io/onex/shared/platform"
	rules "onex.io/onex/shared/policy"
)

// listPolicies shows every policy.
type listPolicies struct{ rules reader }

type reader interface {
	Read(ctx context.Context) (*rules.Rules, error)
}

func newListPolicies(p *platform.Platform) (op.RequestFunc[policy.ListRequest, policy.List], error) {
	store, err := storeOf(p)
	return (&listPolicies{rules: store}).Handle, err
}

func storeOf(p *platform.Platform) (rules.Store, error) {
	db, err := p.Mongo()
	if err != nil {
		return rules.Store{}, err
	}
	return rules.NewStore(db), nil
}

// Handle reads them from the store itself: whoever has changed them sees the change.
func (f *listPolicies) Handle(ctx context.Context, _ *policy.ListRequest) (*policy.List, error) {
	r, err := f.rules.Read(ctx)
	if err != nil {
		return nil, err
	}
	list := &policy.List{TotalCount: int64(len(r.Rows)), Policies: []policy.Policy{}}
	for _, row := range r.Rows {
		list.Policies = append(list.Policies, policy.Policy{
			Name: row.Name, Sub: row.Sub, Obj: row.Obj, Act: row.Act, Eft: string(row.Eft), UpdatedBy: row.By, UpdatedAt: row.At.UTC(),
		})
	}
	slices.SortFunc(list.Policies, func(a, b policy.Policy) int { return cmp.Compare(a.Name, b.Name) })
	return list, nil
}
