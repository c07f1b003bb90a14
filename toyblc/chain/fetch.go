package chain

import (
	"slices"
	"time"

	"onex.io/onex/toyblc/block"
)

// bodyWindow is how many questions for data a peer has in hand at once, so that
// it is never without one.
const bodyWindow = 2

// question asks one peer for the data of some blocks.
type question struct {
	at     time.Time
	blocks []*entry
}

// fetch asks for the data that is missing on branches of more work than ours,
// from all peers that claim to have it, each for another part.
func (m *Machine) fetch() {
	if m.index.ahead == 0 {
		return
	}
	goal := m.bestCursor()
	for open := range bodyWindow { // who has the least to do comes first
		for _, p := range m.peersInOrder() {
			if len(p.questions) == open {
				m.fetchFrom(p, goal)
			}
		}
	}
}

// bestCursor is the last block of the best branch that a peer has shown.
func (m *Machine) bestCursor() (best *entry) {
	for _, p := range m.peersInOrder() {
		if p.cursor != nil && (best == nil || p.cursor.work.Exceeds(best.work)) {
			best = p.cursor
		}
	}
	return best
}

// fetchFrom asks a peer for a part of the branch that it has shown itself, or else
// of the best one, if it claims as much.
func (m *Machine) fetchFrom(p *peer, goal *entry) {
	if !p.mayFetch(m.now) {
		return
	}
	missing := m.missing(p.cursor)
	if len(missing) == 0 && goal != nil && !p.barren && !goal.work.Exceeds(p.claim.Work) {
		missing = m.missing(goal)
	}
	if len(missing) == 0 {
		return
	}
	for _, e := range missing {
		e.header.asked = m.now
	}
	p.questions = append(p.questions, question{at: m.now, blocks: missing})
	m.send(p.id, WantBodies{Hashes: hashes(missing)})
}

// mayFetch reports whether a peer may be asked: one that is slow gets no more
// questions before it has answered.
func (p *peer) mayFetch(now time.Time) bool {
	return p.greeted && now.Sub(p.oldestQuestion(now)) <= slowWait
}

// missing lists the first blocks towards a tip whose data is neither here nor on
// its way.
func (m *Machine) missing(tip *entry) []*entry {
	if tip == nil || !tip.work.Exceeds(m.index.head().work) {
		return nil
	}
	var path []*entry
	for e := tip; e.header != nil; e = e.parent {
		path = append(path, e)
	}
	slices.Reverse(path)
	var out []*entry
	for _, e := range path[:min(len(path), bodiesAhead)] {
		late := m.now.Sub(e.header.asked) > slowWait
		if !e.header.held && late && len(out) < MaxBatch {
			out = append(out, e)
		}
	}
	return out
}

func (m *Machine) onBodies(p *peer, msg Bodies) {
	if len(p.questions) == 0 {
		m.drop(p, Unasked, "the data of %d blocks", len(msg.Data))
		return
	}
	asked := p.questions[0].blocks
	p.questions = p.questions[1:]
	release(asked)
	if len(msg.Data) > len(asked) {
		m.drop(p, Oversized, "the data of %d blocks, asked for %d", len(msg.Data), len(asked))
		return
	}
	for i, data := range msg.Data {
		if err := m.acceptBody(asked[i], data); err != nil {
			m.refuse(p, err)
			return
		}
	}
	m.credit(p, len(msg.Data))
}

// acceptBody takes the data of a block, unless another peer was faster.
func (m *Machine) acceptBody(e *entry, data string) error {
	if e.header == nil || e.header.held || m.index.entries[e.mark.Hash] != e {
		return nil
	}
	b := e.header.block
	b.Data = data
	if err := block.CheckData(b); err != nil {
		return err
	}
	m.arrive(e, data)
	return nil
}

// credit remembers who gives what it claims. One that has shown a branch and does
// not have its data may have reorganized, but not again and again.
func (m *Machine) credit(p *peer, given int) {
	if given > 0 {
		p.strikes, p.proven = 0, true
		return
	}
	p.barren = true
	if p.cursor != nil && p.cursor.header != nil {
		p.claim, p.cursor = m.headClaim(), nil
		m.strike(p, "does not have the data of blocks that it showed")
	}
}

// release lets others be asked for the same.
func release(blocks []*entry) {
	for _, e := range blocks {
		if e.header != nil {
			e.header.asked = time.Time{}
		}
	}
}

// oldestQuestion is when the question was put that has waited longest for its
// answer; now when there is none.
func (p *peer) oldestQuestion(now time.Time) time.Time {
	oldest := now
	if !p.asked.IsZero() {
		oldest = p.asked
	}
	if len(p.questions) > 0 && p.questions[0].at.Before(oldest) {
		oldest = p.questions[0].at
	}
	return oldest
}
