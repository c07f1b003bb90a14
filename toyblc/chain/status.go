package chain

import (
	"math/big"
	"time"

	"onex.io/onex/toyblc/block"
)

// Status is what can be told of a node from outside.
type Status struct {
	Height   int64
	Head     block.Hash
	HeadTime int64
	Next     block.Target // that the block after the head must meet
	Rate     float64      // hashes per second of all miners together, estimated
	Work     Work
	Peers    int // that said hello
	Synced   bool
	Mining   bool
	Waiting  int      // texts not mined yet
	Posted   []Posted // those, and texts mined in the last blocks, in the order they came
}

// Posted is a text that somebody wanted in the chain.
type Posted struct {
	Root block.Hash
	Data string
	// Mined is the height of the block that carries it; 0 while it waits.
	Mined int64
}

// rateBlocks is how many blocks the estimate of the hash rate looks back on. The
// luck of 32 blocks makes it wrong by some 18 %.
const rateBlocks = 32

// Status describes the machine between two steps.
func (m *Machine) Status() Status {
	head := m.index.head()
	s := Status{
		Height: head.mark.Index, Head: head.mark.Hash, HeadTime: head.mark.Timestamp,
		Next: m.nextTarget(), Rate: m.index.rate(m.now), Work: head.work,
		Synced: m.Synced(), Mining: m.mining != nil, Waiting: len(m.pool.waiting()),
	}
	for _, t := range m.pool.texts {
		s.Posted = append(s.Posted, Posted{Root: t.root, Data: t.data, Mined: t.mined})
	}
	for _, p := range m.peers {
		if p.greeted {
			s.Peers++
		}
	}
	return s
}

// nextTarget is the head's own while too little is loaded to tell.
func (m *Machine) nextTarget() block.Target {
	head := m.index.head()
	if past, ok := m.index.window(head); ok {
		return block.NextTarget(m.cfg.Params, past)
	}
	return head.mark.Target
}

// rate is the work of the last blocks over the time since. The time from
// genesis to block 1 says nothing about anybody's hashing. While no block comes,
// time goes on and the estimate falls.
func (x *index) rate(now time.Time) float64 {
	head := x.head()
	since := x.at(max(1, x.rootHeight(), head.mark.Index-rateBlocks))
	if since == nil || since == head {
		return 0
	}
	work := new(big.Int).Sub(head.work.Big(), since.work.Big())
	hashes, _ := new(big.Float).SetInt(work).Float64()
	seconds := max(head.mark.Timestamp, now.Unix()) - since.mark.Timestamp
	return hashes / float64(max(1, seconds))
}
