package policy

import (
	"context"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"onex.io/onex/shared/fault"
	"onex.io/onex/shared/store"
)

// Store keeps the rules.
type Store struct{ docs store.Collection[Rules] }

// NewStore opens the rules of db.
func NewStore(db *mongo.Database) Store { return Store{store.In[Rules](db, "policies")} }

// rulesID is the id of the one document.
const rulesID = "rules"

// Read reads the rules; those of nobody when there are none.
func (s Store) Read(ctx context.Context) (*Rules, error) {
	r, err := s.docs.Get(ctx, rulesID)
	if err != nil && fault.KindOf(err) == fault.Missing {
		return &Rules{ID: rulesID}, nil
	}
	return r, err
}

// Number is the version of the rules; 0 while there are none.
func (s Store) Number(ctx context.Context) (int64, error) {
	found, err := s.docs.List(ctx, bson.D{{Key: "_id", Value: rulesID}}, options.Find().SetProjection(bson.D{{Key: "version", Value: 1}}))
	if err != nil || len(found) == 0 {
		return 0, err
	}
	return found[0].Version, nil
}

// Put keeps a row, in the place of the one of its name if there is one.
func (s Store) Put(ctx context.Context, row Row) error {
	return s.change(ctx, func(r *Rules) (bool, error) { return r.put(row) })
}

// Delete forgets the row of a name; one that is not there is no error.
func (s Store) Delete(ctx context.Context, name string) error {
	return s.change(ctx, func(r *Rules) (bool, error) { return r.remove(name), nil })
}

// Bind keeps a binding.
func (s Store) Bind(ctx context.Context, b Binding) error {
	return s.change(ctx, func(r *Rules) (bool, error) { return r.bind(b) })
}

// Unbind forgets a binding; one that is not there is no error.
func (s Store) Unbind(ctx context.Context, b Binding) error {
	return s.change(ctx, func(r *Rules) (bool, error) { return r.unbind(b), nil })
}

// mostTries bounds the writers that one may lose against in a row.
const mostTries = 20

// change makes a change to the rules as they stand. Whoever loses a race decides anew.
func (s Store) change(ctx context.Context, make func(*Rules) (changed bool, err error)) error {
	for range mostTries {
		r, err := s.Read(ctx)
		if err != nil {
			return err
		}
		changed, err := make(r)
		if err != nil || !changed {
			return err
		}
		before := r.Version
		r.Version++
		if before == 0 {
			err = s.docs.Insert(ctx, rulesID, r)
		} else {
			err = s.docs.Swap(ctx, rulesID, before, r)
		}
		if err == nil || fault.KindOf(err) != fault.Conflict {
			return err
		}
	}
	return fault.New(fault.Busy, "TooManyWriters", "the policies are being changed by others; try again")
}
