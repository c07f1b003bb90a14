// Package chain is the public contract of the operations on chains. The objects themselves are those of apps/v1beta1.
package chain

import (
	"time"

	"onex.io/onex/shared/api/apps/v1beta1"
	"onex.io/onex/shared/api/page"
)

// CreateRequest creates a chain in the caller's namespace.
type CreateRequest struct{ Body v1beta1.Chain }

// SelfValidated says that the object API validates the body, by the rules of its definition.
func (CreateRequest) SelfValidated() {}

// GetRequest asks for one chain: of the own namespace if it has one of that name, else a public one.
type GetRequest struct {
	Name      string `path:"name" maxLength:"253" pattern:"^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$"`
	Namespace string `query:"namespace" maxLength:"63" pattern:"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$" doc:"another user's, for administrators"`
}

// DeleteRequest deletes one chain of the caller's.
type DeleteRequest struct {
	Name      string `path:"name" maxLength:"253" pattern:"^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$"`
	Namespace string `query:"namespace" maxLength:"63" pattern:"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$" doc:"another user's, for administrators"`
	Cascade   string `query:"propagationPolicy" enum:"Background,Foreground" default:"Background" doc:"whether the chain goes before its node or after"`
}

// Deleted is the reply to DeleteRequest.
type Deleted struct{}

// ListRequest asks for the chains of the caller's namespace, by name.
type ListRequest struct {
	page.Page
	Namespace string `query:"namespace" maxLength:"63" pattern:"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$" doc:"another user's, for administrators"`
	Public    bool   `query:"public" doc:"also those that everybody may mine, after the own ones"`
}

// List is a part of a list, and how long the whole is.
type List struct {
	TotalCount int64  `json:"totalCount,string"`
	Chains     []Item `json:"Chains"`
}

// Item is one chain in a list.
type Item struct {
	Name        string `json:"name"`
	Namespace   string `json:"namespace"`
	DisplayName string `json:"displayName"`
	MinerType   string `json:"minerType"`
	// MinMineIntervalSeconds is the mean time between blocks.
	MinMineIntervalSeconds int32 `json:"minMineIntervalSeconds"`
	// Public chains are the operator's; everybody may mine them.
	Public bool `json:"public"`
	// Ready says that the chain's first node answers; else Message says what is wrong.
	Ready     bool      `json:"ready"`
	Message   string    `json:"message,omitempty"`
	CreatedAt time.Time `json:"createdAt"`
	UpdatedAt time.Time `json:"updatedAt"`
}

// StatusRequest asks how a chain is doing this moment.
type StatusRequest struct {
	Name      string `path:"name" maxLength:"253" pattern:"^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$"`
	Namespace string `query:"namespace" maxLength:"63" pattern:"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$" doc:"another user's, for administrators"`
	Blocks    int    `query:"blocks" minimum:"1" maximum:"200" default:"100" doc:"over how many of the newest blocks to count"`
}

// Status is how a chain is doing, as its first node tells it. It is read at every request and kept nowhere.
type Status struct {
	Name      string `json:"name"`
	Namespace string `json:"namespace"`
	// Height is the index of the newest block, Head its hash.
	Height int64  `json:"height"`
	Head   string `json:"head"`
	// Target is what the hash of a block must not exceed, Difficulty how many hashes that takes on average.
	Target     string  `json:"target"`
	Difficulty float64 `json:"difficulty"`
	// HashRate of all miners together, in hashes per second, estimated from the blocks that were counted.
	HashRate float64 `json:"hashRate"`
	// Peers are the nodes connected to the first one.
	Peers  int  `json:"peers"`
	Synced bool `json:"synced"`
	// Waiting is how many posted texts are not mined yet.
	Waiting int `json:"waiting"`
	// Counted is how many of the newest blocks were counted.
	Counted int `json:"counted"`
	// Won says whose they are, most first.
	Won []Won `json:"won"`
}

// Won is how many of the counted blocks one key has signed.
type Won struct {
	// Miner is the name of the caller's Miner that has the key; empty if it is none or is gone.
	Miner string `json:"miner,omitempty"`
	// Address is the namespace that the key's blocks name.
	Address   string `json:"address"`
	PublicKey string `json:"publicKey"`
	Blocks    int    `json:"blocks"`
}

// WatchRequest asks for a chain's blocks as they come.
type WatchRequest struct {
	Name      string `path:"name" maxLength:"253" pattern:"^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$"`
	Namespace string `query:"namespace" maxLength:"63" pattern:"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$" doc:"another user's, for administrators"`
	From      int64  `query:"from" minimum:"0" doc:"the first height to tell of; 0 or none for the next block"`
	// LastEventID is the id of the last event that came; the stream goes on after it.
	LastEventID string `header:"Last-Event-ID" maxLength:"18" pattern:"^[0-9]*$"`
}

// The names of the events of a chain.
const (
	BlockEvent = "block" // a block has come to the main chain; its height is the event's id
	ReorgEvent = "reorg" // what was told above a height is no longer so
)

// WatchEvent is what happened to a chain.
type WatchEvent struct {
	// Height is the block's, or the last one that still stands.
	Height int64 `json:"height"`
	// Block is the new block; none for a reorganization.
	Block *Block `json:"block,omitempty"`
}

// Block is one block of a chain, without its data.
type Block struct {
	Hash         string    `json:"hash"`
	PreviousHash string    `json:"previousHash"`
	At           time.Time `json:"at"`
	Target       string    `json:"target"`
	// Address is the namespace that the block names, and PublicKey the key that signed it.
	Address   string `json:"address"`
	PublicKey string `json:"publicKey"`
}
