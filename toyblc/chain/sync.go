package chain

import (
	"errors"
	"time"

	"onex.io/onex/toyblc/block"
)

// pursue asks the peer that claims the most work above ours for its blocks,
// one peer at a time: the answers to a second would be the same blocks.
func (m *Machine) pursue() {
	var best *peer
	work := m.index.head().work
	for _, p := range m.peersInOrder() {
		if !p.asked.IsZero() {
			return
		}
		if p.greeted && p.claim.Work.Exceeds(work) {
			best, work = p, p.claim.Work
		}
	}
	if best == nil {
		return
	}
	best.asked = m.now
	m.send(best.id, Want{Locator: m.locatorFor(best)})
}

// locatorFor begins with the last block that the peer sent, so that a long side
// branch is fetched batch after batch and not from its root each time.
func (m *Machine) locatorFor(p *peer) []block.Hash {
	loc := m.index.locator()
	if p.cursor != nil {
		loc = append([]block.Hash{p.cursor.mark.Hash}, loc...)
	}
	return loc
}

func (m *Machine) onWant(p *peer, w Want) {
	if len(w.Locator) > MaxLocator {
		m.drop(p, Oversized, "%d hashes, at most %d are allowed", len(w.Locator), MaxLocator)
		return
	}
	m.emit(Serve{Peer: p.id, Locator: w.Locator})
}

func (m *Machine) onBlocks(p *peer, msg Blocks) {
	if p.asked.IsZero() {
		m.drop(p, Unasked, "%d blocks", len(msg.Blocks))
		return
	}
	p.asked = time.Time{}
	if len(msg.Blocks) > MaxBatch {
		m.drop(p, Oversized, "%d blocks, at most %d are allowed", len(msg.Blocks), MaxBatch)
		return
	}
	before := p.cursor
	for _, b := range msg.Blocks {
		if err := m.accept(p, b); err != nil {
			m.refuse(p, err)
			return
		}
	}
	m.judge(p, before, msg.More)
}

// accept takes one block from a peer; one that is known already is fine.
func (m *Machine) accept(p *peer, b block.Block) error {
	if e := m.index.entries[b.Hash]; e != nil {
		p.cursor = e
		return nil
	}
	e, err := m.admit(b)
	if err == nil {
		p.cursor = e
	}
	return err
}

// admit judges a block under its parent and links it.
func (m *Machine) admit(b block.Block) (*entry, error) {
	parent := m.index.entries[b.PreviousHash]
	if parent == nil {
		return nil, errUnlinked
	}
	past, ok := m.index.window(parent)
	if !ok {
		return nil, errUnlinked
	}
	if err := block.Verify(m.cfg.Params, past, m.now, b); err != nil {
		return nil, err
	}
	e := m.index.link(parent, b)
	m.fresh = append(m.fresh, Stored{Block: b, Work: e.work})
	return e, nil
}

// refuse deals with a peer whose block was not accepted. A block from the
// future may be right tomorrow and its sender's clock merely fast: its claim
// is ignored until it makes another.
func (m *Machine) refuse(p *peer, err error) {
	reason := block.ReasonOf(err)
	switch {
	case errors.Is(err, errUnlinked):
		m.drop(p, Unlinked, "%v", err)
	case reason == block.TimeTooNew:
		p.claim = m.headClaim()
	default:
		m.drop(p, Reason(reason), "%v", err)
	}
}

// judge compares what a peer showed with what it claims. An answer that leads
// no further than the last, or ends below the claim, costs a strike; from then
// on the claim is what was shown.
func (m *Machine) judge(p *peer, before *entry, more bool) {
	further := p.cursor != nil && (before == nil || p.cursor.mark.Index > before.mark.Index)
	shown := p.cursor != nil && !p.claim.Work.Exceeds(p.cursor.work)
	ahead := p.claim.Work.Exceeds(m.index.head().work)
	if !ahead || shown || (more && further) {
		p.strikes = 0
		return
	}
	p.strikes++
	if p.strikes >= strikesLimit {
		m.drop(p, EmptyPromise, "claims work %s and does not show it", p.claim.Work)
		return
	}
	p.claim, p.cursor = m.headClaim(), nil
}
