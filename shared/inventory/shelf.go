package inventory

import (
	"context"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"onex.io/onex/shared/fault"
	"onex.io/onex/shared/store"
)

// Shelf keeps the cards.
type Shelf struct{ cards store.Collection[Card] }

// NewShelf is the shelf in a store.
func NewShelf(db *mongo.Database) Shelf { return Shelf{store.In[Card](db, "inventory")} }

// Keep puts a card in its place, unless what stands there says the same or is as new. An object that nobody knew and
// that is gone needs none.
func (s Shelf) Keep(ctx context.Context, c Card) (changed bool, err error) {
	known, err := s.cards.Get(ctx, c.ID)
	switch {
	case fault.KindOf(err) == fault.Missing && c.Gone:
		return false, nil
	case err != nil && fault.KindOf(err) != fault.Missing:
		return false, err
	case err == nil && (known.Version >= c.Version || known.says(c)):
		return false, nil
	}
	return s.cards.Advance(ctx, c.ID, c.Version, &c)
}

// Known are the cards of a kind by their ids, without what they say of the object. It reads them all.
func (s Shelf) Known(ctx context.Context, kind string) (map[string]Card, error) {
	list, err := s.cards.List(ctx, bson.D{{Key: "item.kind", Value: kind}}, options.Find().SetProjection(bson.D{
		{Key: "version", Value: 1}, {Key: "revision", Value: 1}, {Key: "gone", Value: 1}, {Key: "goneAt", Value: 1},
		{Key: "item.kind", Value: 1}, {Key: "item.namespace", Value: 1}, {Key: "item.name", Value: 1}, {Key: "item.uid", Value: 1},
	}))
	known := make(map[string]Card, len(list))
	for _, c := range list {
		known[c.ID] = c
	}
	return known, err
}

// Says tells whether the card would change anything beside what is known.
func Says(known map[string]Card, c Card) bool {
	other, there := known[c.ID]
	return there && other.says(c)
}

// Forget removes a gone card, if it is still the one that was read.
func (s Shelf) Forget(ctx context.Context, c Card) error {
	return s.cards.DeleteAt(ctx, c.ID, c.Version)
}

// Remembered is how long a gone card is kept: far longer than anybody takes from reading the object to writing its card.
const Remembered = time.Hour
