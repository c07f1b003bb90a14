package inventory

import (
	"context"
	"encoding/base64"

	"onex.io/onex/shared/access"
	api "onex.io/onex/shared/api/inventory"
	"onex.io/onex/shared/fault"
	"onex.io/onex/shared/inventory"
	"onex.io/onex/shared/object"
	"onex.io/onex/shared/op"
	"onex.io/onex/shared/platform"
)

// searchObjects lists objects from their cards alone: it asks the object API nothing.
type searchObjects struct{ shelf searcher }

type searcher interface {
	// Search reads the cards that a query selects, in the order of their ids.
	Search(ctx context.Context, q inventory.Query) ([]inventory.Card, error)
}

func newSearchObjects(p *platform.Platform) (op.RequestFunc[api.SearchRequest, api.Found], error) {
	db, err := p.Mongo()
	if err != nil {
		return nil, err
	}
	return (&searchObjects{shelf: inventory.NewShelf(db)}).Handle, nil
}

// Handle reads one card more than the page has, to know whether there is a next one.
func (f *searchObjects) Handle(ctx context.Context, in *api.SearchRequest) (*api.Found, error) {
	namespace, err := namespaceOf(ctx, in.Namespace)
	if err != nil {
		return nil, err
	}
	after, err := base64.RawURLEncoding.DecodeString(in.After)
	if err != nil {
		return nil, fault.Field("query.after", "is no end of a page")
	}
	cards, err := f.shelf.Search(ctx, inventory.Query{
		Namespace: namespace, Kind: in.Kind, Phase: in.Phase, Chain: in.Chain, MinerType: in.MinerType, Prefix: in.Prefix,
		After: string(after), Limit: in.Limit + 1,
	})
	if err != nil {
		return nil, err
	}
	found := &api.Found{Items: []api.Item{}}
	if len(cards) > in.Limit {
		cards = cards[:in.Limit]
		found.After = base64.RawURLEncoding.EncodeToString([]byte(cards[in.Limit-1].ID))
	}
	for _, c := range cards {
		found.Items = append(found.Items, c.Item)
	}
	return found, nil
}

// namespaceOf is where the caller may look; empty for everywhere.
func namespaceOf(ctx context.Context, requested string) (string, error) {
	if requested == "" && access.From(ctx).Admin {
		return "", nil
	}
	return object.Namespace(ctx, requested)
}
