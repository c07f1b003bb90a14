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
			Name: "list-entries", Summary: "Lists the caller's entries, page by page.", Allow: access.SignedIn,
			Wakes: op.On(op.Get("/v1/wallet/entries")), Handler: op.Request(newListEntries),
		},
		{
			Name: "get-earnings", Summary: "Shows what the caller's miners have earned, and what is still to be confirmed.", Allow: access.SignedIn,
			Wakes: op.On(op.Get("/v1/wallet/earnings")), Handler: op.Request(newGetEarnings),
			Rights: []op.Right{op.May("chains", "list")},
		},
		{
			Name: "list-miner-types", Summary: "Shows the price list.", Allow: access.SignedIn,
			Wakes: op.On(op.Get("/v1/miner-types")), Handler: op.Request(newListMinerTypes),
		},
		{
			Name: "quote-minerset", Summary: "Tells what a pool of miners would cost and bring.", Allow: access.SignedIn,
			Wakes: op.On(op.Post("/v1/minersets/quote")), Handler: op.Request(newQuoteMinerSet),
		},
		{
			Name: "buy-slot", Summary: "Charges a miner's slot, once; for the reconciler.", Allow: access.Platform,
			Wakes: op.On(op.Post("/v1/slots")), Handler: op.Request(newBuySlot),
		},
		{
			Name: "grant-gift", Summary: "Gives a new user the gift of OX, once; when the clock ticks, to whoever was forgotten.",
			Wakes: op.On(op.Told(eventing.UserCreated), op.Every("4-59/10 * * * *")), Handler: op.OnEvent(newGrantGift),
		},
		{
			Name: "settle-chain", Summary: "Pays the confirmed blocks of a chain that was named, or of every chain when the clock ticks.",
			Wakes: op.On(op.Told(eventing.BlockMined), op.Every("*/5 * * * *")), Handler: op.OnEvent(newSettleChain),
			Scale: op.Scale{Max: 3, Concurrency: 10}, Rights: []op.Right{op.May("chains", "get", "list")},
		},
		{
			Name: "release-pools", Summary: "Takes the slots of pools that are gone off their owners' quotas.",
			Wakes: op.On(op.Told(eventing.ObjectDeleted), op.Every("9-59/10 * * * *")), Handler: op.OnEvent(newReleasePools),
			Scale: op.Scale{Max: 1}, Rights: []op.Right{op.May("minersets", "list"), op.May("miners", "list")},
		},
	}
}
