// Package ledger is the append-only book of every wallet.
//
// An account is a row of entries numbered from 1 without a gap. Each entry carries the balance after it, and its
// _id is account/number: who writes number n+1 has seen entry n, and of two who try only one can, which is all the
// mutual exclusion that a balance needs, with no transaction. A unique index on the idempotency key refuses an
// effect that has happened.
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

// Entry is one movement of money.
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
	// Chain and Height say which block a reward is for.
	Chain  string `bson:"chain,omitempty"`
	Height int64  `bson:"height,omitempty"`
}

// The kinds of entries.
const (
	KindGift   = "gift"
	KindSlot   = "slot"
	KindReward = "reward"
)

// Ledger is safe for concurrent use, by any number of processes.
type Ledger struct {
	entries store.Collection[Entry]
	now     func() time.Time
	hints   hints
}

// Open opens the ledger in db and makes sure of its unique index.
func Open(ctx context.Context, db *mongo.Database, now func() time.Time) (*Ledger, error) {
	l := &Ledger{entries: store.In[Entry](db, "ledger"), now: now}
	for _, index := range []mongo.IndexModel{ // one by one: FerretDB breaks off when two that are there are named in one command
		{Keys: bson.D{{Key: "key", Value: 1}}, Options: options.Index().SetUnique(true)},
		{Keys: bson.D{{Key: "kind", Value: 1}, {Key: "pool", Value: 1}, {Key: "slot", Value: 1}}},
	} {
		if _, err := l.entries.Raw().Indexes().CreateOne(ctx, index); err != nil {
			return nil, fault.New(fault.Busy, "StoreAway", "the ledger cannot be opened now: %w", err)
		}
	}
	return l, nil
}

// Head is the last entry of an account; an account without entries has the zero Entry.
func (l *Ledger) Head(ctx context.Context, account string) (Entry, error) {
	return l.headFrom(ctx, account, l.hints.of(account))
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

// ErrInsufficient is the reason of a charge that the balance does not cover.
const ErrInsufficient = "InsufficientFunds"

// Post books an amount once per key. A key that is booked already changes nothing and is no error: posted is false.
// A balance never goes below zero: such an amount is Exhausted with ErrInsufficient.
func (l *Ledger) Post(ctx context.Context, e Entry) (posted bool, err error) {
	return l.append(ctx, e.Account, func(context.Context) (Entry, bool, error) { return e, true, nil })
}

// decide makes the entry to append, given everything booked so far; false means that there is nothing to book.
type decide func(context.Context) (Entry, bool, error)

// append numbers an entry after the account's head. Whoever loses the race for a number decides anew, so that a
// decision is never older than the entry before it.
func (l *Ledger) append(ctx context.Context, account string, make decide) (bool, error) {
	for {
		head, err := l.Head(ctx, account)
		if err != nil {
			return false, err
		}
		e, wanted, err := make(ctx)
		if err != nil || !wanted {
			return false, err
		}
		if e, err = l.after(head, e); err != nil {
			return false, l.unlessBooked(ctx, e.Key, err)
		}
		booked, err := l.insert(ctx, e)
		if err != nil || booked == repeated {
			return false, err
		}
		l.hints.keep(e.Account, e.Number) // by us or by another, the number is there now
		if booked == inserted {
			return true, nil
		}
	}
}

func (l *Ledger) after(head, e Entry) (Entry, error) {
	e.Number = head.Number + 1
	e.ID = entryID(e.Account, e.Number)
	e.Balance = head.Balance + e.Amount
	e.At = l.now().UTC().Truncate(time.Millisecond)
	switch {
	case e.Amount < 0 && e.Balance < 0:
		return e, fault.New(fault.Exhausted, ErrInsufficient, "the wallet holds %s OX and %s OX are needed", head.Balance, -e.Amount)
	case e.Amount > 0 && e.Balance < head.Balance:
		return e, fault.New(fault.Invalid, "AmountTooLarge", "the amount %s OX does not fit into a wallet", e.Amount)
	}
	return e, nil
}

// unlessBooked forgives a refusal of what was booked when it was possible.
func (l *Ledger) unlessBooked(ctx context.Context, key string, refusal error) error {
	booked, err := l.entries.List(ctx, bson.D{{Key: "key", Value: key}})
	if err != nil {
		return err
	}
	if len(booked) > 0 {
		return nil
	}
	return refusal
}

type outcome int

const (
	inserted outcome = iota
	repeated
	lostRace
)

// insert tries the entry's number. A duplicate is either our key, booked before, or our number, taken by another.
func (l *Ledger) insert(ctx context.Context, e Entry) (outcome, error) {
	err := l.entries.Insert(ctx, e.ID, &e)
	if err == nil {
		return inserted, nil
	}
	if fault.KindOf(err) != fault.Conflict {
		return repeated, err
	}
	there, err := l.entries.Get(ctx, e.ID)
	switch {
	case err == nil && there.Key != e.Key:
		return lostRace, nil
	case err == nil || fault.KindOf(err) == fault.Missing:
		return repeated, nil
	}
	return repeated, err
}

func entryID(account string, number int64) string { return fmt.Sprintf("%s/%d", account, number) }
