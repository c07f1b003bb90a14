package chain

import (
	"errors"
	"time"

	"onex.io/onex/toyblc/block"
)

// pursue asks a peer that claims more work than we have headers of for what we
// lack: one peer at a time, since the answers to a second would be the same, but
// the next one when it is slow.
func (m *Machine) pursue() {
	if m.index.ahead >= headersAhead {
		return
	}
	var best *peer
	for _, p := range m.peersInOrder() {
		switch {
		case !p.asked.IsZero() && m.now.Sub(p.asked) <= slowWait:
			return
		case p.asked.IsZero() && m.promises(p) && (best == nil || p.before(best)):
			best = p
		}
	}
	if best == nil {
		return
	}
	best.asked = m.now
	m.send(best.id, Want{Locator: m.locatorFor(best)})
}

// promises reports whether a peer claims a better branch that we have no headers
// of. When we have them, from whomever, it has shown as much.
func (m *Machine) promises(p *peer) bool {
	if !p.greeted || !p.claim.Work.Exceeds(m.index.head().work) {
		return false
	}
	if e := m.index.entries[p.claim.Hash]; e != nil {
		p.cursor, p.claim.Work = e, e.work
		return false
	}
	return true
}

// before prefers who has kept a promise, and then who promises more.
func (p *peer) before(other *peer) bool {
	if p.proven != other.proven {
		return p.proven
	}
	return p.claim.Work.Exceeds(other.claim.Work)
}

// locatorFor begins with the last header that the peer sent and with our best
// one, so that a long branch is fetched batch after batch and not from its root
// each time.
func (m *Machine) locatorFor(p *peer) []block.Hash {
	var out []block.Hash
	if p.cursor != nil {
		out = append(out, p.cursor.mark.Hash)
	}
	if m.ahead.leads(m.index) && m.ahead.tip != p.cursor {
		out = append(out, m.ahead.tip.mark.Hash)
	}
	return append(out, m.index.locator()...)
}

func (m *Machine) onWant(p *peer, w Want) {
	if len(w.Locator) > MaxLocator {
		m.drop(p, Oversized, "%d hashes, at most %d are allowed", len(w.Locator), MaxLocator)
		return
	}
	m.emit(Serve{Peer: p.id, Locator: w.Locator})
}

func (m *Machine) onWantBodies(p *peer, w WantBodies) {
	if len(w.Hashes) > MaxBatch {
		m.drop(p, Oversized, "%d hashes, at most %d are allowed", len(w.Hashes), MaxBatch)
		return
	}
	m.emit(ServeBodies{Peer: p.id, Hashes: w.Hashes})
}

func (m *Machine) onHeaders(p *peer, msg Headers) {
	if p.asked.IsZero() {
		m.drop(p, Unasked, "%d headers", len(msg.Headers))
		return
	}
	p.asked = time.Time{}
	if len(msg.Headers) > MaxBatch {
		m.drop(p, Oversized, "%d headers, at most %d are allowed", len(msg.Headers), MaxBatch)
		return
	}
	before := p.cursor
	_, last, err := m.expect(msg.Headers)
	if last != nil {
		p.cursor = last
	}
	if err != nil {
		m.refuse(p, err)
		return
	}
	m.judge(p, before, msg.More)
}

// under is what a block is judged by: its parent and the blocks before it.
func (m *Machine) under(b block.Block) (parent *entry, past block.Window, err error) {
	parent = m.index.entries[b.PreviousHash]
	if parent == nil {
		return nil, past, errUnlinked
	}
	past, ok := m.index.window(parent)
	if !ok {
		return nil, past, errUnlinked
	}
	return parent, past, nil
}

// admit judges a block of our own under its parent and links it.
func (m *Machine) admit(b block.Block) (*entry, error) {
	parent, past, err := m.under(b)
	if err != nil {
		return nil, err
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

// judge compares the headers that a peer showed with what it claims. An answer
// that leads no further than the last, or ends below the claim, costs a strike;
// from then on the claim is what was shown.
func (m *Machine) judge(p *peer, before *entry, more bool) {
	further := p.cursor != nil && (before == nil || p.cursor.mark.Index > before.mark.Index)
	shown := p.cursor != nil && !p.claim.Work.Exceeds(p.cursor.work)
	ahead := p.claim.Work.Exceeds(m.index.head().work)
	if !ahead || shown || (more && further) {
		return
	}
	claimed := p.claim.Work
	p.claim = m.headClaim()
	if p.cursor != nil && p.cursor.work.Exceeds(p.claim.Work) {
		p.claim = p.cursor.claim() // whose entry is the cursor again
	}
	p.cursor = nil
	m.strike(p, "claims work %s and does not show it", claimed)
}

// strike drops a peer at the third time in a row.
func (m *Machine) strike(p *peer, format string, args ...any) {
	p.strikes++
	if p.strikes >= strikesLimit {
		m.drop(p, EmptyPromise, format, args...)
	}
}
