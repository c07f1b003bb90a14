package chain

import "onex.io/onex/toyblc/block"

// Protocol is the version of the messages below; peers must agree on it.
const Protocol = 2

const (
	// MaxBatch bounds the blocks of one answer.
	MaxBatch = 500
	// MaxLocator bounds the hashes of one question.
	MaxLocator = 128
)

// Message is what one node says to another.
type Message interface{ message() }

// Hello is the first message in each direction. Genesis covers everything that
// two nodes of one chain must agree on; the chain id is there for the log.
type Hello struct {
	Protocol int        `json:"protocol"`
	ChainID  string     `json:"chainID"`
	Genesis  block.Hash `json:"genesis"`
	Node     string     `json:"node"` // random per process, so that a node knows itself
	Head     Head       `json:"head"`
}

// Head claims that the sender's chain ends there, and has that much work.
type Head struct {
	Hash   block.Hash `json:"hash"`
	Height int64      `json:"height"`
	Work   Work       `json:"work"`
}

// Want asks for the blocks after the first hash of Locator that is on the
// receiver's main chain. The hashes go back in growing steps to genesis.
type Want struct {
	Locator []block.Hash `json:"locator"`
}

// Blocks answers one Want, ascending. More says that the sender's chain goes on.
type Blocks struct {
	Blocks []block.Block `json:"blocks"`
	More   bool          `json:"more"`
}

// Data passes on a text that waits to be mined.
type Data struct {
	Data string `json:"data"`
}

func (Hello) message()  {}
func (Head) message()   {}
func (Want) message()   {}
func (Blocks) message() {}
func (Data) message()   {}
