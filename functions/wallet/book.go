package wallet

import (
	"context"

	"onex.io/onex/shared/access"
	"onex.io/onex/shared/api/wallet"
	"onex.io/onex/shared/ledger"
	"onex.io/onex/shared/platform"
)

// book is what this domain needs of the ledger.
type book interface {
	// Account is the state of an account; the zero state for one that has no entries.
	Account(ctx context.Context, name string) (ledger.Account, error)
	// Entries reads from a number downwards, at most limit entries.
	Entries(ctx context.Context, account string, from int64, limit int) ([]ledger.Entry, error)
	// Credit books once per key; booked is false for a key that is booked already.
	Credit(ctx context.Context, e ledger.Entry) (booked bool, err error)
	// BuySlot charges once per pool, slot and type; Exhausted when balance or quota do not cover it.
	BuySlot(ctx context.Context, s ledger.Slot, t ledger.Terms) error
}

// opener opens the book; Busy while its store is away.
type opener func(context.Context) (book, error)

func bookOf(p *platform.Platform) opener {
	return func(ctx context.Context) (book, error) { return p.Ledger(ctx) }
}

// own opens the book at the caller's account.
func (open opener) own(ctx context.Context) (book, ledger.Account, error) {
	b, err := open(ctx)
	if err != nil {
		return nil, ledger.Account{}, err
	}
	a, err := b.Account(ctx, access.From(ctx).UserID)
	return b, a, err
}

// entriesOf turns entries into those of the public contract.
func entriesOf(entries []ledger.Entry) []wallet.Entry {
	list := make([]wallet.Entry, 0, len(entries))
	for _, e := range entries {
		list = append(list, wallet.Entry{
			Number: e.Number, Kind: e.Kind, Amount: e.Amount, Balance: e.Balance, At: e.At,
			Pool: e.Pool, Slot: e.Slot, MinerType: e.MinerType, Chain: e.Chain, Height: e.Height,
		})
	}
	return list
}
