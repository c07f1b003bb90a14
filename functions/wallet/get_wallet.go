package wallet

import (
	"context"

	"onex.io/onex/shared/access"
	"onex.io/onex/shared/api/wallet"
	"onex.io/onex/shared/op"
	"onex.io/onex/shared/platform"
)

// getWallet shows the caller's own wallet; there is no way to name another.
type getWallet struct{ book opener }

func newGetWallet(p *platform.Platform) (op.RequestFunc[wallet.GetRequest, wallet.Wallet], error) {
	return (&getWallet{book: bookOf(p)}).Handle, nil
}

// Handle reads the head and the entries below it: one consistent balance, whatever is booked meanwhile.
func (f *getWallet) Handle(ctx context.Context, in *wallet.GetRequest) (*wallet.Wallet, error) {
	book, err := f.book(ctx)
	if err != nil {
		return nil, err
	}
	account := access.From(ctx).UserID
	head, err := book.Head(ctx, account)
	if err != nil {
		return nil, err
	}
	entries, err := book.Entries(ctx, account, head.Number, in.Limit)
	if err != nil {
		return nil, err
	}
	w := &wallet.Wallet{
		UserID: account, Balance: head.Balance, OX: head.Balance.String(), Count: head.Number,
		Entries: make([]wallet.Entry, 0, len(entries)),
	}
	for _, e := range entries {
		w.Entries = append(w.Entries, wallet.Entry{
			Number: e.Number, Kind: e.Kind, Amount: e.Amount, Balance: e.Balance, At: e.At,
			Pool: e.Pool, Slot: e.Slot, MinerType: e.MinerType, Chain: e.Chain, Height: e.Height,
		})
	}
	return w, nil
}
