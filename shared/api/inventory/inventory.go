// Package inventory is the public contract of the read model: what objects there are, as the platform last saw them.
package inventory

import "time"

// SearchRequest asks for objects: of the own namespace, and for an administrator of every one or of one that is named.
type SearchRequest struct {
	Namespace string `query:"namespace" maxLength:"63" pattern:"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$" doc:"another user's, for administrators; theirs is every namespace if none is named"`
	Kind      string `query:"kind" enum:"Chain,MinerSet,Miner" doc:"only objects of this kind"`
	Phase     string `query:"phase" maxLength:"32" doc:"only objects in this phase"`
	Chain     string `query:"chain" maxLength:"253" doc:"only the chain of this name and what mines it"`
	MinerType string `query:"minerType" maxLength:"63" doc:"only objects of this miner type"`
	Prefix    string `query:"prefix" maxLength:"253" pattern:"^[a-z0-9][-a-z0-9.]*$" doc:"only objects whose names begin so"`
	Limit     int    `query:"limit" minimum:"1" maximum:"500" default:"100" doc:"how many to list at most"`
	After     string `query:"after" maxLength:"1024" doc:"go on after the page that ended with this"`
}

// Found is one page, in the order of namespace, kind and name.
type Found struct {
	Items []Item `json:"items"`
	// After asks for the next page; it is empty when there is none.
	After string `json:"after,omitempty"`
}

// Item is one object as it was last seen, usually seconds ago.
type Item struct {
	Kind        string `json:"kind" enum:"Chain,MinerSet,Miner"`
	Namespace   string `json:"namespace"`
	Name        string `json:"name"`
	UID         string `json:"uid"`
	DisplayName string `json:"displayName,omitempty"`
	// ChainName is the chain that is mined; a Chain has its own name here.
	ChainName string `json:"chainName"`
	MinerType string `json:"minerType"`
	// MinerSet is the set that a Miner belongs to, and Slot its number in the pool.
	MinerSet string `json:"minerSet,omitempty"`
	Slot     *int32 `json:"slot,omitempty"`
	// Phase is a Miner's phase; of the other kinds Ready, NotReady or Deleting.
	Phase string `json:"phase"`
	// Ready says that all is as it should be; else Message says what is not.
	Ready   bool   `json:"ready"`
	Message string `json:"message,omitempty"`
	// Replicas is how many miners a MinerSet wants, ReadyReplicas how many of them work.
	Replicas      int32     `json:"replicas,omitempty"`
	ReadyReplicas int32     `json:"readyReplicas,omitempty"`
	CreatedAt     time.Time `json:"createdAt"`
	UpdatedAt     time.Time `json:"updatedAt"`
}

// CountRequest asks how many objects there are on the platform.
type CountRequest struct{}

// Counts are the numbers of objects, by kind and phase.
type Counts struct {
	Total  int64   `json:"total,string"`
	Counts []Count `json:"counts"`
}

// Count is how many objects of a kind are in a phase.
type Count struct {
	Kind  string `json:"kind"`
	Phase string `json:"phase"`
	Count int64  `json:"count,string"`
}
