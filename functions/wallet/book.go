package wallet

import (
	"context"

	"onex.io/onex/shared/ledger"
	"onex.io/onex/shared/money"
	"onex.io/onex/shared/platform"
)

// book is what this domain needs of the ledger.
type book interface {
	// Head is the last entry of an account; the zero Entry for an account that has none.
	Head(ctx context.Context, account string) (ledger.Entry, error)
	// Entries reads from a number downwards, at most limit entries.
	Entries(ctx context.Context, account string, from int64, limit int) ([]ledger.Entry, error)
	// Post books once per key; posted is false for a key that is booked already.
	Post(ctx context.Context, e ledger.Entry) (posted bool, err error)
	// BuySlot charges once per pool, slot and type; Exhausted when the balance does not cover it.
	BuySlot(ctx context.Context, s ledger.Slot, price func(minerType string) money.Amount) error
}

// opener opens the book; Busy while its store is away.
type opener func(context.Context) (book, error)

func bookOf(p *platform.Platform) opener {
	return func(ctx context.Context) (book, error) { return p.Ledger(ctx) }
}
