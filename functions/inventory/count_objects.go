package inventory

import (
	"context"

	api "onex.io/onex/shared/api/inventory"
	"onex.io/onex/shared/inventory"
	"onex.io/onex/shared/op"
	"onex.io/onex/shared/platform"
)

// countObjects tells an administrator how the whole platform is.
type countObjects struct{ shelf counter }

type counter interface {
	// Count counts the objects by kind and phase.
	Count(ctx context.Context) ([]api.Count, error)
}

func newCountObjects(p *platform.Platform) (op.RequestFunc[api.CountRequest, api.Counts], error) {
	db, err := p.Mongo()
	if err != nil {
		return nil, err
	}
	return (&countObjects{shelf: inventory.NewShelf(db)}).Handle, nil
}

// Handle counts what is noted.
func (f *countObjects) Handle(ctx context.Context, _ *api.CountRequest) (*api.Counts, error) {
	counts, err := f.shelf.Count(ctx)
	if err != nil {
		return nil, err
	}
	out := &api.Counts{Counts: append([]api.Count{}, counts...)}
	for _, c := range counts {
		out.Total += c.Count
	}
	return out, nil
}
