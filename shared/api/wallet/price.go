package wallet

import "onex.io/onex/shared/money"

// ListMinerTypesRequest asks for the price list.
type ListMinerTypesRequest struct{}

// MinerTypes is the price list, cheapest first.
type MinerTypes struct {
	Items []MinerType `json:"items"`
}

// MinerType is one line of the price list.
type MinerType struct {
	Name string `json:"name"`
	// CPU and Memory are the limits of a miner's pod.
	CPU    string `json:"cpu"`
	Memory string `json:"memory"`
	// Share is the part of one CPU that a miner may use, nearly all of it for hashing.
	Share float64 `json:"share"`
	// Price is charged once for a slot.
	Price money.Amount `json:"price"`
	// ExpectedPerDay is what one miner finds in a day on average, by the operator's figures.
	ExpectedPerDay money.Amount `json:"expectedPerDay"`
}

// QuoteRequest asks what a MinerSet would cost and bring.
type QuoteRequest struct{ Body MinerSetPlan }

// MinerSetPlan is a MinerSet that somebody thinks of.
type MinerSetPlan struct {
	MinerType string `json:"minerType,omitempty" maxLength:"64" default:"S1.SMALL1"`
	Replicas  int64  `json:"replicas" minimum:"1" maximum:"1000000"`
}

// Quote is what a new MinerSet costs, what is there to pay it, and what it would bring. It promises nothing: slots are
// paid one by one when their miners start.
type Quote struct {
	MinerType string `json:"minerType"`
	Replicas  int64  `json:"replicas"`
	// SlotPrice is for one slot, Price for all of them.
	SlotPrice money.Amount `json:"slotPrice"`
	Price     money.Amount `json:"price"`
	// Balance is what the wallet holds, QuotaLeft how many more slots it may pay.
	Balance   money.Amount `json:"balance"`
	QuotaLeft int64        `json:"quotaLeft"`
	// Affordable is how many of the replicas would run now.
	Affordable int64 `json:"affordable"`
	// ExpectedPerDay is what all replicas find in a day on average: their shares of a CPU x the hashes that the operator
	// states for a whole one (ONEX_HASHES_PER_SECOND) x the operator's rate (ONEX_REWARD_PER_GIGAHASH).
	ExpectedPerDay money.Amount `json:"expectedPerDay"`
}
