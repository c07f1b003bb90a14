package chain

import (
	"slices"
	"time"

	"onex.io/onex/toyblc/block"
)

const (
	// headersAhead is how many headers a node holds before their data, give or
	// take an answer: some 5 MB.
	headersAhead = 8000
	// bodiesAhead is how far beyond the first missing one data is asked for. What
	// comes out of order waits in memory: as many answers as this is batches.
	bodiesAhead = 8 * MaxBatch
	// stuckWait is how long headers are kept for which no data comes at all.
	stuckWait = time.Minute
)

// coming is what is known of a block before it is whole: its header, and its data
// once that is here and the parent is not.
type coming struct {
	block block.Block
	held  bool      // the data is here
	asked time.Time // when a peer was asked for the data; zero when none is
}

// ahead is about the blocks whose headers came first.
type ahead struct {
	tip     *entry              // the one of most work, lately
	waiting map[*entry][]*entry // blocks that hold their data, by the parent that does not
	moved   time.Time           // when one became whole
}

func newAhead() ahead { return ahead{waiting: map[*entry][]*entry{}} }

// expect links headers under their parents and returns them up to the first that
// breaks a rule, with what is wrong with that. Those known already are passed over;
// last is the last of all that are in order.
func (m *Machine) expect(headers []block.Block) (linked []*entry, last *entry, wrong error) {
	for _, b := range headers {
		if e := m.index.entries[b.Hash]; e != nil {
			last = e
			continue
		}
		e, err := m.expectOne(b)
		if err != nil {
			wrong = err
			break
		}
		linked, last = append(linked, e), e
	}
	signed, err := m.cfg.Signatures(blocksOf(linked))
	if err != nil {
		m.index.remove(linked[signed:])
		linked, last, wrong = linked[:signed], nil, err
	}
	m.expected(linked)
	return linked, last, wrong
}

func (m *Machine) expectOne(b block.Block) (*entry, error) {
	parent, past, err := m.under(b)
	if err != nil {
		return nil, err
	}
	if err := block.CheckHeader(m.cfg.Params, past, m.now, b); err != nil {
		return nil, err
	}
	return m.index.linkHeader(parent, b), nil
}

func blocksOf(entries []*entry) []block.Block {
	out := make([]block.Block, len(entries))
	for i, e := range entries {
		out[i] = e.header.block
	}
	return out
}

// expected notes new headers. What has no data is whole at once.
func (m *Machine) expected(linked []*entry) {
	if len(linked) == 0 {
		return
	}
	if m.index.ahead == len(linked) {
		m.ahead.moved = m.now // what was before is whole
	}
	none := block.DataRoot("")
	for _, e := range linked {
		if !m.ahead.leads(m.index) || e.work.Exceeds(m.ahead.tip.work) {
			m.ahead.tip = e
		}
		if e.header.block.DataRoot == none {
			m.arrive(e, "")
		}
	}
}

// arrive takes the data of a block. The block is whole when its parent is, and
// with it those that waited for it.
func (m *Machine) arrive(e *entry, data string) {
	e.header.block.Data, e.header.held = data, true
	if e.parent.header != nil {
		m.ahead.waiting[e.parent] = append(m.ahead.waiting[e.parent], e)
		return
	}
	m.ahead.moved = m.now
	for whole := []*entry{e}; len(whole) > 0; whole = whole[1:] {
		e := whole[0]
		m.fresh = append(m.fresh, Stored{Block: e.header.block, Work: e.work})
		m.index.fill(e, e.header.block.Data)
		whole = append(whole, m.ahead.waiting[e]...)
		delete(m.ahead.waiting, e)
	}
}

// leads reports whether the tip is still a header that waits for data.
func (a *ahead) leads(x *index) bool {
	return a.tip != nil && a.tip.header != nil && x.entries[a.tip.mark.Hash] == a.tip
}

// prune forgets what the index has let go of.
func (a *ahead) prune(x *index) {
	for parent, held := range a.waiting {
		held = slices.DeleteFunc(held, func(e *entry) bool { return x.entries[e.mark.Hash] != e })
		if len(held) == 0 {
			delete(a.waiting, parent)
		} else {
			a.waiting[parent] = held
		}
	}
	if !a.leads(x) {
		a.tip = nil
	}
}

// giveUp drops headers that lead nowhere: those off the best branch when there are
// too many, and all when no data has come for long.
func (m *Machine) giveUp() {
	stuck := m.now.Sub(m.ahead.moved) > stuckWait
	if m.index.ahead == 0 || !stuck && m.index.ahead < headersAhead {
		return
	}
	keep := map[*entry]bool{}
	if !stuck && m.ahead.leads(m.index) {
		for e := m.ahead.tip; e.header != nil; e = e.parent {
			keep[e] = true
		}
	}
	var lost []*entry
	for _, e := range m.index.entries {
		if e.header != nil && !keep[e] {
			lost = append(lost, e)
		}
	}
	m.index.remove(lost)
	m.forgetCursors()
}

// forgetCursors lets go of what the index has let go of.
func (m *Machine) forgetCursors() {
	for _, p := range m.peers {
		if p.cursor != nil && m.index.entries[p.cursor.mark.Hash] != p.cursor {
			p.cursor = nil
		}
	}
	m.ahead.prune(m.index)
}
