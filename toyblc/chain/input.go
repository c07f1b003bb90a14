package chain

import "onex.io/onex/toyblc/block"

// PeerID names one connection; a number is never used twice.
type PeerID uint64

// Input is something that happened outside.
type Input interface{ input() }

// PeerUp says that a connection stands.
type PeerUp struct{ Peer PeerID }

// PeerDown says that a connection is gone.
type PeerDown struct{ Peer PeerID }

// Received is a message from a peer.
type Received struct {
	Peer    PeerID
	Message Message
}

// Solved is a block that the own miner found for the last Mine.
type Solved struct{ Block block.Block }

// Post is a text that somebody wants in the chain. Taken or Refused answers it.
type Post struct{ Data string }

// Tick says that time has passed; one per second is plenty.
type Tick struct{}

// Loaded is the end of the main chain as it was stored, ascending: from
// genesis, or from a block at least block.WindowSize below its head. It comes
// before anything else, in one piece or in several that follow each other; a
// single piece without blocks is an empty store. Checkpoints are the hashes of the main chain at
// heights 0, CheckpointStep, 2*CheckpointStep and so on up to the head.
type Loaded struct {
	Blocks      []Stored
	Checkpoints []block.Hash
}

// Stored is a block and the total work of the chain that it ends.
type Stored struct {
	Block block.Block
	Work  Work
}

func (PeerUp) input()   {}
func (PeerDown) input() {}
func (Received) input() {}
func (Solved) input()   {}
func (Post) input()     {}
func (Tick) input()     {}
func (Loaded) input()   {}
