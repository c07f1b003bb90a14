// Package ledger is the append-only book of every wallet.
//
// An account is a row of entries numbered from 1 without a gap, and an entry's _id is account/number: who writes
// number n+1 has seen everything up to n, and of two who try only one can. That is all the mutual exclusion that a
// balance, a slot and a quota need, with no transaction. A unique index on the idempotency key refuses an effect that
// has happened.
//
// Everything else is told by the entries and only saves reading them: the slots that were bought (Slots), the open
// pools, and each account's state (Account). They are written in this order, after the entry; what a crash leaves
// unwritten, whoever comes next writes. Every read and write is by exact _id, except OpenPools.
package ledger

import (
	"context"
	"fmt"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"onex.io/onex/shared/fault"
	"onex.io/onex/shared/money"
	"onex.io/onex/shared/store"
)

// Entry is one movement of money, or of what money has bought.
type Entry struct {
	ID      string       `bson:"_id"`
	Account string       `bson:"account"`
	Number  int64        `bson:"number"`
	Key     string       `bson:"key"`
	Kind    string       `bson:"kind"`
	Amount  money.Amount `bson:"amount"`
	// Balance is the sum of the account's entries up to this one.
	Balance money.Amount `bson:"balance"`
	At      time.Time    `bson:"at"`
	// Pool, Slot and MinerType say what a charge bought.
	Pool      string `bson:"pool,omitempty"`
	Slot      int64  `bson:"slot"`
	MinerType string `bson:"minerType,omitempty"`
	// Purchase counts the types bought for the slot, this one included; Paid is what they cost together.
	Purchase int64        `bson:"purchase,omitempty"`
	Paid     money.Amount `bson:"paid,omitempty"`
	// Chain and Height say which block a reward is for.
	Chain  string `bson:"chain,omitempty"`
	Height int64  `bson:"height,omitempty"`
}

// The kinds of entries.
const (
	KindGift    = "gift"
	KindSlot    = "slot"
	KindReward  = "reward"
	KindRelease = "release" // of a pool's places in the quota; moves no money
)

// Ledger is safe for concurrent use, by any number of processes.
type Ledger struct {
	entries   store.Collection[Entry]
	purchases store.Collection[purchase]
	pools     store.Collection[OpenPool]
	accounts  store.Collection[Account]
	now       func() time.Time
}

// Open opens the ledger in db and makes sure of its unique index.
func Open(ctx context.Context, db *mongo.Database, now func() time.Time) (*Ledger, error) {
	l := &Ledger{
		entries: store.In[Entry](db, "ledger"), purchases: store.In[purchase](db, "purchases"),
		pools: store.In[OpenPool](db, "pools"), accounts: store.In[Account](db, "accounts"), now: now,
	}
	once := mongo.IndexModel{Keys: bson.D{{Key: "key", Value: 1}}, Options: options.Index().SetUnique(true)}
	if _, err := l.entries.Raw().Indexes().CreateOne(ctx, once); err != nil {
		return nil, fault.New(fault.Busy, "StoreAway", "the ledger cannot be opened now: %w", err)
	}
	return l, nil
}

// Entries reads the account's entries from the given number downwards, at most limit of them.
func (l *Ledger) Entries(ctx context.Context, account string, from int64, limit int) ([]Entry, error) {
	var page []Entry
	for n := from; n > 0 && len(page) < limit; n-- {
		e, err := l.entries.Get(ctx, entryID(account, n))
		if err != nil {
			return nil, err
		}
		page = append(page, *e)
	}
	return page, nil
}

// Credit books an income once per key. A key that is booked already, for whomever, changes nothing and is no error:
// booked is false.
func (l *Ledger) Credit(ctx context.Context, e Entry) (booked bool, err error) {
	if e.Amount < 0 {
		return false, fault.New(fault.Invalid, "AmountNegative", "%s OX are no income", e.Amount)
	}
	booked, err = l.append(ctx, e.Account, func(context.Context, Account) (*Entry, error) { return &e, nil })
	if fault.ReasonOf(err) == errTooLarge {
		err = l.unlessBooked(ctx, e.Key, err)
	}
	return booked, err
}

// unlessBooked forgives a refusal of what was booked when it was possible. It scans: for what hardly ever happens.
func (l *Ledger) unlessBooked(ctx context.Context, key string, refusal error) error {
	there, err := l.entries.List(ctx, bson.D{{Key: "key", Value: key}})
	if err == nil && len(there) == 0 {
		err = refusal
	}
	return err
}

func entryID(account string, number int64) string { return fmt.Sprintf("%s/%d", account, number) }
