package wallet

import (
	"context"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"onex.io/onex/shared/fault"
	"onex.io/onex/shared/identity"
)

const (
	// hintTime is how long the event of a sign-up has before the clock looks for itself. It is more than the retries of a
	// Trigger take, and more than a sign-up may hang before it is kept.
	hintTime = 3 * time.Minute
	// sweepOverlap is how far a sweep looks back behind the last one: users are kept out of order, by machines whose
	// clocks differ.
	sweepOverlap = 10 * time.Minute
)

// giftSweep is how far the clock has seen to it that everybody has the gift.
type giftSweep struct {
	ID string    `bson:"_id"`
	To time.Time `bson:"to"`
}

const giftSweepID = "gifts"

type sweepKeeper interface {
	// Get is Missing before the first sweep.
	Get(ctx context.Context, id string) (*giftSweep, error)
	Put(ctx context.Context, id string, s *giftSweep) error
}

// storedUsers reads users where they stand.
type storedUsers struct{ identity.Users }

// CreatedBetween are the users who signed up from one moment until before another.
func (u storedUsers) CreatedBetween(ctx context.Context, from, to time.Time) ([]identity.User, error) {
	return u.List(ctx, bson.D{{Key: "createdAt", Value: bson.D{{Key: "$gte", Value: from}, {Key: "$lt", Value: to}}}})
}

// sweep gives to whoever signed up since the last sweep and whose event was lost. It goes no further than everybody of
// its time has the gift, so that a failure only delays.
func (f *grantGift) sweep(ctx context.Context) error {
	last, err := f.sweeps.Get(ctx, giftSweepID)
	if fault.KindOf(err) == fault.Missing {
		last, err = &giftSweep{}, nil
	}
	if err != nil {
		return err
	}
	to := f.now().Add(-hintTime).UTC()
	users, err := f.users.CreatedBetween(ctx, last.To.Add(-sweepOverlap), to)
	if err != nil {
		return err
	}
	for _, u := range users {
		if err := f.give(ctx, u.ID); err != nil {
			return err
		}
	}
	return f.sweeps.Put(ctx, giftSweepID, &giftSweep{ID: giftSweepID, To: to})
}
