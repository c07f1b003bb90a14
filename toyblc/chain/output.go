package chain

import (
	"time"

	"onex.io/onex/toyblc/block"
)

// Output is something to be done outside. The outputs of one Step are to be
// done in order; in particular Store comes before the announcement of what it
// stores.
type Output interface{ output() }

// Send is a message for a peer.
type Send struct {
	Peer    PeerID
	Message Message
}

// Serve asks to send a peer the Headers after the first hash of Locator that
// is on the stored main chain; after genesis when none is.
type Serve struct {
	Peer    PeerID
	Locator []block.Hash
}

// ServeBodies asks to send a peer the Bodies of the blocks named, as far as they
// follow each other on the stored main chain.
type ServeBodies struct {
	Peer   PeerID
	Hashes []block.Hash
}

// Drop asks to close a connection, and to refuse the same host for Ban.
type Drop struct {
	Peer   PeerID
	Reason Reason
	Detail string
	Ban    time.Duration
}

// Store asks to make one change durable, all or nothing: add the blocks, then
// let the main chain be Main from height From on and end there, then remove
// Forget. Without Main, the main chain stays as it is.
type Store struct {
	Add    []Stored
	From   int64
	Main   []block.Hash
	Forget []block.Hash
}

// Mine asks to search a nonce for a block made of these; it replaces the
// search before.
type Mine struct {
	Header block.Header
	Data   string
}

// Rest asks to stop searching.
type Rest struct{}

// Mined tells that a block found by this node is on the main chain.
type Mined struct{ Block block.Block }

// Reorged tells that the last Depth blocks of the main chain were replaced.
type Reorged struct{ Depth int64 }

// Taken tells that a Post waits to be mined, or is mined already.
type Taken struct{ Root block.Hash }

// Refused tells why a Post cannot be taken.
type Refused struct{ Reason Reason }

// Corrupt tells that what was Loaded breaks the rules.
type Corrupt struct{ Err error }

func (Send) output()        {}
func (Serve) output()       {}
func (ServeBodies) output() {}
func (Drop) output()        {}
func (Store) output()       {}
func (Mine) output()        {}
func (Rest) output()        {}
func (Mined) output()       {}
func (Reorged) output()     {}
func (Taken) output()       {}
func (Refused) output()     {}
func (Corrupt) output()     {}
