// Package miner is the public contract of the operations on Miners. The objects themselves are those of apps/v1beta1.
package miner

import (
	"time"

	"onex.io/onex/shared/api/apps/v1beta1"
	"onex.io/onex/shared/api/page"
)

// GetRequest asks for one Miner of the caller's namespace.
type GetRequest struct {
	Name      string `path:"name" maxLength:"253" pattern:"^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$"`
	Namespace string `query:"namespace" maxLength:"63" pattern:"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$" doc:"another user's, for administrators"`
}

// ListRequest asks for the Miners of the caller's namespace, by name.
type ListRequest struct {
	page.Page
	Namespace string `query:"namespace" maxLength:"63" pattern:"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$" doc:"another user's, for administrators"`
	MinerSet  string `query:"minerSet" maxLength:"253" pattern:"^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$" doc:"only those of this MinerSet"`
}

// List is a part of a list, and how long the whole is.
type List struct {
	TotalCount int64  `json:"totalCount,string"`
	Miners     []Item `json:"Miners"`
}

// Item is one Miner in a list.
type Item struct {
	Name        string `json:"name"`
	Namespace   string `json:"namespace"`
	DisplayName string `json:"displayName"`
	MinerType   string `json:"minerType"`
	ChainName   string `json:"chainName"`
	// MinerSet is the set that the Miner belongs to; empty for one that stands alone or starts a chain.
	MinerSet string `json:"minerSet,omitempty"`
	// Slot is the Miner's number in its pool; a Miner that starts a chain has none.
	Slot *int32 `json:"slot,omitempty"`
	// Status is the phase in one word.
	Status v1beta1.MinerPhase `json:"status"`
	// Ready says that the Miner works; else Message says what is wrong.
	Ready     bool      `json:"ready"`
	Message   string    `json:"message,omitempty"`
	CreatedAt time.Time `json:"createdAt"`
	UpdatedAt time.Time `json:"updatedAt"`
}
