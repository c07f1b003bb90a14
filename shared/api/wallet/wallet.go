// Package wallet is the public contract of the economy: balances, and the slots that miners run in.
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
	UserID string `json:"userID"`
	// Balance is in micro-OX.
	Balance money.Amount `json:"balance"`
	// OX is the same balance for people, such as "999.500000".
	OX string `json:"ox"`
	// Count is how many entries there are.
	Count int64 `json:"count,string"`
	// Entries are the newest entries, newest first.
	Entries []Entry `json:"entries"`
}

// Entry is one movement of money.
type Entry struct {
	Number int64  `json:"number,string"`
	Kind   string `json:"kind" enum:"gift,slot,reward"`
	// Amount and Balance, the balance after it, are in micro-OX.
	Amount    money.Amount `json:"amount"`
	Balance   money.Amount `json:"balance"`
	At        time.Time    `json:"at"`
	Pool      string       `json:"pool,omitempty"`
	Slot      int64        `json:"slot,omitempty"`
	MinerType string       `json:"minerType,omitempty"`
	Chain     string       `json:"chain,omitempty"`
	Height    int64        `json:"height,omitempty"`
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
