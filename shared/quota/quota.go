// Package quota is how many miners a user may have: the operator's number for everybody, and an administrator's list
// of those who may have another.
package quota

import (
	"context"
	"time"

	"go.mongodb.org/mongo-driver/v2/mongo"

	"onex.io/onex/shared/fault"
	"onex.io/onex/shared/store"
)

// Allowance is a line of the administrators' list.
type Allowance struct {
	UserID string `bson:"_id"`
	Miners int64  `bson:"miners"`
	// By is the administrator who wrote it last.
	By string    `bson:"by"`
	At time.Time `bson:"at"`
}

// Limits reads and writes what users are allowed.
type Limits struct {
	list  list
	usual int64
}

type list interface {
	// Get is Missing for a user who is not on the list.
	Get(ctx context.Context, userID string) (*Allowance, error)
	Put(ctx context.Context, userID string, a *Allowance) error
}

// NewLimits are the limits kept in db; usual is that of a user who is not on the list.
func NewLimits(db *mongo.Database, usual int64) *Limits {
	return &Limits{list: store.In[Allowance](db, "quotas"), usual: usual}
}

// Miners is how many paid slots the user may hold.
func (l *Limits) Miners(ctx context.Context, userID string) (int64, error) {
	a, err := l.list.Get(ctx, userID)
	switch {
	case err == nil:
		return a.Miners, nil
	case fault.KindOf(err) == fault.Missing:
		return l.usual, nil
	}
	return 0, err
}

// Allow puts a user on the list, or changes the line that is there.
func (l *Limits) Allow(ctx context.Context, a Allowance) error { return l.list.Put(ctx, a.UserID, &a) }
