package ledger

import (
	"context"
	"fmt"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// OpenPool is a pool with a paid slot that has not been released.
type OpenPool struct {
	ID      string `bson:"_id"`
	Account string `bson:"account"`
}

// OpenPools lists every open pool of every account. It scans: for the clock, not for a hot path.
func (l *Ledger) OpenPools(ctx context.Context) ([]OpenPool, error) {
	return l.pools.List(ctx, bson.D{})
}

// Release takes the slots of a pool that is gone off the account's quota. They stay paid, and no money comes back.
// A pool that is not open changes nothing; one that buys another slot later is open again, and counts for that.
func (l *Ledger) Release(ctx context.Context, p OpenPool) (released bool, err error) {
	// A state that is late may not know of the pool yet, and would be taken for one that has closed it.
	if _, err := l.Account(ctx, p.Account); err != nil {
		return false, err
	}
	released, err = l.append(ctx, p.Account, func(_ context.Context, a Account) (*Entry, error) {
		if a.pool(p.ID) < 0 {
			return nil, nil
		}
		key := fmt.Sprintf("release/%s/%d", p.ID, a.Number+1)
		return &Entry{Account: p.Account, Key: key, Kind: KindRelease, Pool: p.ID}, nil
	})
	if err != nil {
		return released, err
	}
	if err := l.pools.Delete(ctx, p.ID); err != nil {
		return released, err
	}
	return released, l.keepOpen(ctx, p)
}

// keepOpen puts a pool back on the list that bought another slot while it was being released.
func (l *Ledger) keepOpen(ctx context.Context, p OpenPool) error {
	a, err := l.Account(ctx, p.Account)
	if err != nil || a.pool(p.ID) < 0 {
		return err
	}
	return l.pools.Put(ctx, p.ID, &p)
}
