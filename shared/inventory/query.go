package inventory

import (
	"context"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"onex.io/onex/shared/api/inventory"
)

// Query says which objects are wanted. Empty fields select nothing out.
type Query struct {
	Namespace, Kind, Phase, Chain, MinerType, Prefix string

	After string // the id of the last card of the page before
	Limit int
}

// last comes after every name: those have no letters beyond z.
const last = "\x7f"

// filter names the cards by a range of their ids as far as it can, which is what a store finds fast: a user's own, and
// of those one kind's, and of those the ones that begin alike.
func (q Query) filter() bson.D {
	ids := bson.D{{Key: "$gt", Value: q.After}}
	if q.Namespace != "" {
		start := q.Namespace + "/"
		if q.Kind != "" {
			start += q.Kind + "/" + q.Prefix
		}
		ids = append(ids, bson.E{Key: "$gte", Value: start}, bson.E{Key: "$lt", Value: start + last})
	}
	f := bson.D{{Key: "_id", Value: ids}, {Key: "gone", Value: false}}
	for _, field := range []struct{ name, value string }{
		{"namespace", q.Namespace}, {"kind", q.Kind}, {"phase", q.Phase}, {"chainname", q.Chain}, {"minertype", q.MinerType},
	} {
		if field.value != "" {
			f = append(f, bson.E{Key: "item." + field.name, Value: field.value})
		}
	}
	if q.Prefix != "" {
		f = append(f, bson.E{Key: "item.name", Value: bson.D{{Key: "$gte", Value: q.Prefix}, {Key: "$lt", Value: q.Prefix + last}}})
	}
	return f
}

// Search reads one page, in the order of the ids. It is one query: by an index where the store has one on _id, as
// MongoDB does. A store that does not use it for ranges reads all cards.
func (s Shelf) Search(ctx context.Context, q Query) ([]Card, error) {
	return s.cards.List(ctx, q.filter(), options.Find().SetSort(bson.D{{Key: "_id", Value: 1}}).SetLimit(int64(q.Limit)))
}

// Count counts the objects by kind and phase. It reads every card.
func (s Shelf) Count(ctx context.Context) ([]inventory.Count, error) {
	var counts []inventory.Count
	for _, kind := range Kinds() {
		found, err := s.countKind(ctx, kind)
		if err != nil {
			return nil, err
		}
		counts = append(counts, found...)
	}
	return counts, nil
}

func (s Shelf) countKind(ctx context.Context, kind string) ([]inventory.Count, error) {
	groups, err := s.cards.Count(ctx, bson.D{{Key: "gone", Value: false}, {Key: "item.kind", Value: kind}}, "item.phase")
	if err != nil {
		return nil, err
	}
	counts := make([]inventory.Count, len(groups))
	for i, g := range groups {
		counts[i] = inventory.Count{Kind: kind, Phase: g.Value, Count: g.Count}
	}
	return counts, nil
}
