package reconciler

import (
	"context"

	"onex.io/onex/shared/api/wallet"
	"onex.io/onex/shared/client"
)

// WalletBuyer buys slots through the platform's own API. The client must carry a token of the platform.
func WalletBuyer(api *client.Client) SlotBuyer { return walletBuyer{api} }

type walletBuyer struct{ api *client.Client }

// BuySlot asks the wallet.
func (b walletBuyer) BuySlot(ctx context.Context, s Slot) error {
	return b.api.BuySlot(ctx, wallet.Slot{
		Namespace: s.Namespace, Pool: s.Pool, Slot: int64(s.Number),
		MinerType: s.MinerType, ChainID: s.ChainID, PublicKey: s.PublicKey,
	})
}
