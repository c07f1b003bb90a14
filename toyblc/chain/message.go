package chain

import (
	"net/netip"

	"onex.io/onex/toyblc/block"
)

// Protocol is the version of the messages below; peers must agree on it.
const Protocol = 3

const (
	// MaxBatch bounds the blocks of one answer, and those that one question is about.
	MaxBatch = 500
	// MaxLocator bounds the hashes of one question.
	MaxLocator = 128
)

// Message is what one node says to another.
type Message interface{ message() }

// Hello is the first message in each direction. Genesis covers everything that
// two nodes of one chain must agree on; the chain id is there for the log.
type Hello struct {
	Protocol uint32
	ChainID  string
	Genesis  block.Hash
	Node     string // random per process, so that a node knows itself
	Head     Head
}

// Head claims that the sender's chain ends there, and has that much work.
type Head struct {
	Hash   block.Hash
	Height int64
	Work   Work
}

// Want asks for the headers after the first hash of Locator that is on the
// receiver's main chain. The hashes go back in growing steps to genesis.
type Want struct {
	Locator []block.Hash
}

// Headers answers one Want: signed headers, ascending, as blocks without their
// data. More says that the sender's chain goes on.
type Headers struct {
	Headers []block.Block
	More    bool
}

// WantBodies asks for the data of blocks, ascending on one branch.
type WantBodies struct {
	Hashes []block.Hash
}

// Bodies answers one WantBodies: the data of the first so many blocks that it
// names. It may be fewer than all, because an answer has a size; none says that
// the sender does not have the first.
type Bodies struct {
	Data []string
}

// Data passes on a text that waits to be mined.
type Data struct {
	Data string
}

// Peers tells where the sender listens and where peers of its do. It is for those
// who hold the connections; a machine has no use for it.
type Peers struct {
	Self  netip.AddrPort // an unspecified address is that of the connection
	Known []netip.AddrPort
}

func (Peers) message()      {}
func (Hello) message()      {}
func (Head) message()       {}
func (Want) message()       {}
func (Headers) message()    {}
func (WantBodies) message() {}
func (Bodies) message()     {}
func (Data) message()       {}
