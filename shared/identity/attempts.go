package identity

import (
	"context"
	"crypto/sha256"
	"fmt"
	"net/netip"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"

	"onex.io/onex/shared/fault"
	"onex.io/onex/shared/origin"
	"onex.io/onex/shared/store"
)

// tries are the log-ins that were tried for an account, or that failed from an address, since the first of them. They
// stand in the store: a cache that is emptied gives nobody another guess.
type tries struct {
	ID    string    `bson:"_id"`
	Count int64     `bson:"count"`
	Since time.Time `bson:"since"`
}

// Attempts counts log-ins, to stop whoever guesses.
type Attempts struct {
	Window time.Duration // how long a try counts
	store.Collection[tries]
}

// NewAttempts opens the attempts of db.
func NewAttempts(db *mongo.Database, window time.Duration) Attempts {
	return Attempts{window, store.In[tries](db, "login-attempts")}
}

// AccountKey is the key of an account's tries.
func AccountKey(userID string) string { return "account/" + userID }

// NobodyKey is the key of tries for a name that nobody has. They are counted as others are, so that they take as long,
// but thousands of names share one count, so that guesses at names fill no store.
func NobodyKey(name string) string {
	return fmt.Sprintf("nobody/%02x", sha256.Sum256([]byte(name))[0])
}

// AddressKey is the key of an address's failures: of IPv6, of the network's, of which one caller has as many addresses
// as it likes.
func AddressKey(address string) string {
	if a, err := netip.ParseAddr(address); err == nil {
		address = origin.Bucket(a)
	}
	return "address/" + address
}

// Count counts one more try and tells how many there are in the window. It is counted before the password is looked
// at: of many who guess at once, each is one.
func (a Attempts) Count(ctx context.Context, key string, now time.Time) (count int64, err error) {
	within := bson.D{{Key: "_id", Value: key}, {Key: "since", Value: bson.D{{Key: "$gt", Value: now.Add(-a.Window).UTC()}}}}
	for range mostTries {
		t, err := a.Increment(ctx, within, "count")
		if err == nil {
			return t.Count, nil
		}
		if fault.KindOf(err) != fault.Missing {
			return 0, err
		}
		if began, err := a.begin(ctx, key, now); began || err != nil {
			return 1, err
		}
	}
	return 0, fault.New(fault.Busy, "TooManyWriters", "too many log in at once; try again")
}

// begin begins a window, unless another has begun one meanwhile.
func (a Attempts) begin(ctx context.Context, key string, now time.Time) (bool, error) {
	over := bson.D{{Key: "_id", Value: key}, {Key: "since", Value: bson.D{{Key: "$lte", Value: now.Add(-a.Window).UTC()}}}}
	first := &tries{ID: key, Count: 1, Since: now.UTC()}
	began, err := a.SetIf(ctx, over, bson.D{{Key: "count", Value: first.Count}, {Key: "since", Value: first.Since}})
	if began || err != nil {
		return began, err
	}
	err = a.Insert(ctx, key, first)
	if fault.KindOf(err) == fault.Conflict && err != nil {
		return false, nil
	}
	return err == nil, err
}

// Counted is how many tries there are in the window, and when it ends.
func (a Attempts) Counted(ctx context.Context, key string, now time.Time) (count int64, end time.Time, err error) {
	t, err := a.Get(ctx, key)
	switch {
	case err != nil && fault.KindOf(err) == fault.Missing:
		return 0, now, nil
	case err != nil:
		return 0, now, err
	case !t.Since.After(now.Add(-a.Window)):
		return 0, now, nil
	}
	return t.Count, t.Since.Add(a.Window), nil
}

// Forgive lets the tries so far count no more.
func (a Attempts) Forgive(ctx context.Context, key string) error {
	_, err := a.Set(ctx, key, bson.D{{Key: "count", Value: int64(0)}})
	return err
}

// Sweep forgets the tries that count no more. It scans.
func (a Attempts) Sweep(ctx context.Context, now time.Time) error {
	_, err := a.DeleteAll(ctx, bson.D{{Key: "since", Value: bson.D{{Key: "$lte", Value: now.Add(-a.Window).UTC()}}}})
	return err
}
