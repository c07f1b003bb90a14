package chain

import "onex.io/onex/toyblc/block"

// Status is what can be told of a node from outside.
type Status struct {
	Height   int64
	Head     block.Hash
	HeadTime int64
	Target   block.Target
	Work     Work
	Peers    int // that said hello
	Synced   bool
	Mining   bool
	Waiting  int // texts not mined yet
}

// Status describes the machine between two steps.
func (m *Machine) Status() Status {
	head := m.index.head()
	s := Status{
		Height: head.mark.Index, Head: head.mark.Hash, HeadTime: head.mark.Timestamp,
		Target: head.mark.Target, Work: head.work,
		Synced: m.Synced(), Mining: m.mining != nil, Waiting: len(m.pool.waiting()),
	}
	for _, p := range m.peers {
		if p.greeted {
			s.Peers++
		}
	}
	return s
}
