package chain

import "time"

// Reason says in one stable word why a peer is dropped or a post refused. A
// peer that sends a bad block is dropped with the block.Reason instead.
type Reason string

// Why a peer is dropped.
const (
	Itself        Reason = "Itself"        // a node that dialed its own address
	OtherProtocol Reason = "OtherProtocol" // speaks another version
	OtherChain    Reason = "OtherChain"    // another genesis
	NoHello       Reason = "NoHello"       // said something else first, or nothing
	Repeated      Reason = "Repeated"      // said hello twice
	Unasked       Reason = "Unasked"       // sent blocks that nobody wanted
	Oversized     Reason = "Oversized"     // more items than a message may have
	Unlinked      Reason = "Unlinked"      // blocks that do not reach anything we keep
	EmptyPromise  Reason = "EmptyPromise"  // claims work again and again that it does not show
	Silent        Reason = "Silent"        // did not answer
	Flood         Reason = "Flood"         // more messages than anybody needs
)

// Why a post is refused.
const (
	TooLarge Reason = "DataTooLarge"
	NotText  Reason = "DataNotText"
	Full     Reason = "PoolFull"
)

// ban is how long the host of a peer dropped for this reason is refused. Whoever
// is merely configured wrongly, or slow to begin, may come back at once, and
// whoever is out of step soon; what is left is done on purpose.
func (r Reason) ban() time.Duration {
	switch r {
	case OtherProtocol, OtherChain, NoHello:
		return 0
	case Repeated, Silent, Unlinked:
		return time.Minute
	}
	return 10 * time.Minute
}

// What a peer may cost.
const (
	helloWait   = 10 * time.Second // from connection to Hello
	answerWait  = 20 * time.Second // from a question to its answer
	slowWait    = 3 * time.Second  // after which another peer is asked the same
	floodWindow = 10 * time.Second
	// floodLimit is of messages per floodWindow. A new node with fast cores asks once
	// for the headers and once for the data of 500 blocks: it may have 25,000 a second.
	floodLimit   = 1000
	strikesLimit = 3
)
