package wallet

import (
	"context"

	"onex.io/onex/shared/api/wallet"
	"onex.io/onex/shared/op"
	"onex.io/onex/shared/platform"
)

// getWallet shows the caller's own wallet; there is no way to name another.
type getWallet struct{ book opener }

func newGetWallet(p *platform.Platform) (op.RequestFunc[wallet.GetRequest, wallet.Wallet], error) {
	return (&getWallet{book: bookOf(p)}).Handle, nil
}

// Handle reads the account and the entries below it: one consistent balance, whatever is booked meanwhile.
func (f *getWallet) Handle(ctx context.Context, in *wallet.GetRequest) (*wallet.Wallet, error) {
	book, a, err := f.book.own(ctx)
	if err != nil {
		return nil, err
	}
	entries, err := book.Entries(ctx, a.ID, a.Number, in.Limit)
	if err != nil {
		return nil, err
	}
	return &wallet.Wallet{
		UserID: a.ID, Balance: a.Balance, OX: a.Balance.String(), Count: a.Number, Entries: entriesOf(entries),
	}, nil
}
