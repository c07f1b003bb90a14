// Package wallet is the domain of the economy: gifts, slots, rewards, and the book of them.
package wallet

import (
	"onex.io/onex/eventing"
	"onex.io/onex/shared/access"
	"onex.io/onex/shared/op"
)

// Operations lists what the domain can do.
func Operations() []op.Operation {
	return []op.Operation{
		{
			Name: "get-wallet", Summary: "Shows the caller's balance and newest entries.", Allow: access.SignedIn,
			Wakes: op.On(op.Get("/v1/wallet")), Handler: op.Request(newGetWallet),
		},
		{
			Name: "buy-slot", Summary: "Charges a miner's slot, once; for the reconciler.", Allow: access.Platform,
			Wakes: op.On(op.Post("/v1/slots")), Handler: op.Request(newBuySlot),
		},
		{
			Name: "grant-gift", Summary: "Gives a new user the gift of OX, once.",
			Wakes: op.On(op.Told(eventing.UserCreated)), Handler: op.OnEvent(newGrantGift),
		},
		{
			Name: "settle-chain", Summary: "Pays the confirmed blocks of a chain that was named, or of every chain when the clock ticks.",
			Wakes: op.On(op.Told(eventing.BlockMined), op.Every("* * * * *")), Handler: op.OnEvent(newSettleChain),
			Scale: op.Scale{Max: 3, Concurrency: 10}, Rights: []op.Right{op.May("chains", "get", "list")},
		},
	}
}
