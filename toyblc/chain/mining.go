package chain

import (
	"slices"

	"onex.io/onex/toyblc/block"
)

// Synced reports whether this node may trust its chain: it is alone by
// configuration, or beside a peer that claims no more work.
func (m *Machine) Synced() bool {
	if m.cfg.Alone {
		return true
	}
	work := m.index.head().work
	for _, p := range m.peers {
		if p.greeted && !p.claim.Work.Exceeds(work) {
			return true
		}
	}
	return false
}

// retarget tells the miner what to work on, if that has changed. A node that
// is not synced rests: what it mines would be thrown away.
func (m *Machine) retarget() {
	if m.cfg.Miner == nil {
		return
	}
	if !m.Synced() {
		if m.mining != nil {
			m.mining = nil
			m.emit(Rest{})
		}
		return
	}
	next := m.template()
	if m.mining == nil || *m.mining != next {
		m.mining = &next
		m.emit(next)
	}
}

// template is the next block without its nonce.
func (m *Machine) template() Mine {
	head := m.index.head()
	past, _ := m.index.window(head)
	data := m.pool.next()
	return Mine{Data: data, Header: block.Header{
		Version: block.Version, ChainID: m.cfg.Params.ChainID, Index: head.mark.Index + 1,
		PreviousHash: head.mark.Hash, DataRoot: block.DataRoot(data),
		Timestamp: max(m.now.Unix(), past.MedianTime()+1),
		Target:    block.NextTarget(m.cfg.Params, past),
		Address:   m.cfg.Miner.Address, PublicKey: m.cfg.Miner.Key,
	}}
}

// solved takes a block from the own miner. One that comes late, when the head
// has moved on, is of no use to anybody.
func (m *Machine) solved(b block.Block) {
	if b.PreviousHash != m.index.head().mark.Hash {
		return
	}
	if _, err := m.admit(b); err == nil {
		m.own = append(m.own, b)
	}
}

// recentlyMined reports whether a text is in one of the last blocks.
func (m *Machine) recentlyMined(root block.Hash) bool {
	head := m.index.head()
	for e := head; e != nil && head.mark.Index-e.mark.Index <= buried; e = e.parent {
		if slices.Contains(e.items, root) {
			return true
		}
	}
	return false
}
