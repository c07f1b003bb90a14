// Package wallet is the public contract of the economy: balances, prices, earnings, and the slots that miners run in.
// Every amount is in micro-OX and travels as a string.
package wallet

import (
	"time"

	"onex.io/onex/shared/money"
)

// GetRequest asks for the caller's wallet.
type GetRequest struct {
	Limit int `query:"limit" minimum:"0" maximum:"100" default:"10" doc:"how many of the newest entries to list"`
}

// Wallet is a balance and how it came to be.
type Wallet struct {
	UserID  string       `json:"userID"`
	Balance money.Amount `json:"balance"`
	// OX is the same balance for people, such as "999.500000".
	OX string `json:"ox"`
	// Count is how many entries there are.
	Count int64 `json:"count,string"`
	// Entries are the newest entries, newest first.
	Entries []Entry `json:"entries"`
}

// Entry is one movement of money, or of what money has bought.
type Entry struct {
	Number int64  `json:"number,string"`
	Kind   string `json:"kind" enum:"gift,slot,reward,release"`
	// Balance is the balance after Amount.
	Amount    money.Amount `json:"amount"`
	Balance   money.Amount `json:"balance"`
	At        time.Time    `json:"at"`
	Pool      string       `json:"pool,omitempty"`
	Slot      int64        `json:"slot,omitempty"`
	MinerType string       `json:"minerType,omitempty"`
	Chain     string       `json:"chain,omitempty"`
	Height    int64        `json:"height,omitempty"`
}

// ListEntriesRequest asks for a page of the caller's entries.
type ListEntriesRequest struct {
	Limit  int   `query:"limit" minimum:"1" maximum:"100" default:"20" doc:"the most entries to list"`
	Before int64 `query:"before" minimum:"0" doc:"list what is older than the entry of this number; 0 or none for the newest"`
}

// Entries is a page, newest first.
type Entries struct {
	Items []Entry `json:"items"`
	// Before asks for the next page; it is 0 when there is none.
	Before int64 `json:"before,string"`
}

// GetEarningsRequest asks for what the caller's miners have earned.
type GetEarningsRequest struct{}

// Earnings is what miners have found: confirmed is in the wallet; pending is mined, and comes when enough blocks stand
// on it, unless the chain takes another turn before.
type Earnings struct {
	UserID    string       `json:"userID"`
	Confirmed money.Amount `json:"confirmed"`
	Pending   money.Amount `json:"pending"`
	// Pools are the open ones; what the others have earned is in Former.
	Pools  []PoolEarnings `json:"pools"`
	Former PoolEarnings   `json:"former"`
	// Unread names chains whose nodes do not answer now: Pending lacks what is mined there.
	Unread []string `json:"unread,omitempty"`
}

// PoolEarnings is what the miners of one pool have found.
type PoolEarnings struct {
	Pool string `json:"pool,omitempty" doc:"uid of the MinerSet, or of a Miner that stands alone"`
	// Slots is how many are paid.
	Slots     int64        `json:"slots,omitempty"`
	Confirmed money.Amount `json:"confirmed"`
	Pending   money.Amount `json:"pending"`
}

// BuySlotRequest buys a slot for a miner; only the platform itself may.
type BuySlotRequest struct{ Body Slot }

// Slot is a place in a pool of miners. It is charged once per pool, slot and type.
type Slot struct {
	Namespace string `json:"namespace" minLength:"1" maxLength:"63" doc:"whose wallet pays"`
	Pool      string `json:"pool" minLength:"1" maxLength:"64" doc:"uid of the MinerSet, or of a Miner that stands alone"`
	Slot      int64  `json:"slot" minimum:"0"`
	MinerType string `json:"minerType" minLength:"1" maxLength:"64"`
	ChainID   string `json:"chainID" minLength:"1" maxLength:"64" doc:"uid of the chain that is mined"`
	PublicKey string `json:"publicKey" pattern:"^[0-9a-f]{64}$" doc:"Ed25519 key that signs the miner's blocks, in hex"`
}

// Bought is the reply to BuySlotRequest.
type Bought struct{}
