package chain

import (
	"errors"
	"slices"

	"onex.io/onex/toyblc/block"
)

const (
	// Keep is how many blocks below its head a node can reorganize, and about
	// how many headers it holds in memory (some 12 MB). At a block per minute
	// that is a month of partition.
	Keep = 50_000
	// CheckpointStep is the distance between the older hashes that are kept for
	// locators.
	CheckpointStep = 1000
)

// errUnlinked says that a block follows nothing that we keep.
var errUnlinked = errors.New("the parent is unknown or too old to build on")

// entry is what is remembered of a block: everything but its data.
type entry struct {
	parent *entry // nil at the root
	mark   block.Mark
	items  []block.Hash // data roots of the items, while they may leave the main chain
	size   int          // of the data
	work   Work
	header *coming // of a block whose data is not here yet, or whose parent's is not
}

// index is the tree of known blocks above a root. main is its best branch.
type index struct {
	entries     map[block.Hash]*entry
	main        []*entry // ascending from the root
	checkpoints []block.Hash
	keep        int64
	sideBytes   int // of data off the main chain
	ahead       int // entries whose blocks are not whole
}

func newIndex(genesis block.Block, keep int64) *index {
	x := &index{entries: map[block.Hash]*entry{}, keep: keep}
	x.replant(Stored{Block: genesis, Work: Work{}.Plus(genesis.Target)}, []block.Hash{genesis.Hash})
	return x
}

// replant forgets everything and starts from one trusted block.
func (x *index) replant(s Stored, checkpoints []block.Hash) {
	e := &entry{mark: s.Block.Mark(), work: s.Work}
	x.entries = map[block.Hash]*entry{e.mark.Hash: e}
	x.main, x.ahead, x.sideBytes = []*entry{e}, 0, 0
	x.checkpoints = slices.Clone(checkpoints[:min(len(checkpoints), int(e.mark.Index/CheckpointStep)+1)])
}

func (x *index) head() *entry { return x.main[len(x.main)-1] }

func (x *index) rootHeight() int64 { return x.main[0].mark.Index }

// at is the main chain's block at a height; nil outside of what is kept.
func (x *index) at(height int64) *entry {
	i := height - x.rootHeight()
	if i < 0 || i >= int64(len(x.main)) {
		return nil
	}
	return x.main[i]
}

func (x *index) onMain(e *entry) bool { return x.at(e.mark.Index) == e }

// window is what the block after e is judged against; false when e is so close
// to a root above genesis that the rules cannot be checked.
func (x *index) window(e *entry) (block.Window, bool) {
	w := make(block.Window, 0, block.WindowSize)
	for ; e != nil && len(w) < block.WindowSize; e = e.parent {
		w = append(w, e.mark)
	}
	slices.Reverse(w)
	return w, len(w) == block.WindowSize || w[0].Index == 0
}

// link adds a block that has been judged under its parent.
func (x *index) link(parent *entry, b block.Block) *entry {
	e := x.linkHeader(parent, b)
	x.fill(e, b.Data)
	return e
}

// linkHeader adds a block whose data is still to come.
func (x *index) linkHeader(parent *entry, b block.Block) *entry {
	e := &entry{parent: parent, mark: b.Mark(), work: parent.work.Plus(b.Target)}
	e.header = &coming{block: b}
	x.entries[b.Hash] = e
	x.ahead++
	return e
}

// remove forgets headers whose blocks are not whole.
func (x *index) remove(headers []*entry) {
	for _, e := range headers {
		delete(x.entries, e.mark.Hash)
		x.ahead--
	}
}

// fill notes the data of a block that has been linked.
func (x *index) fill(e *entry, data string) {
	x.ahead--
	e.header, e.size, e.items = nil, len(data), roots(data)
	x.sideBytes += e.size
}

// roots are the data roots of the items of a block.
func roots(data string) []block.Hash {
	items := block.Items(data)
	if len(items) == 0 {
		return nil
	}
	out := make([]block.Hash, len(items))
	for i, item := range items {
		out[i] = block.DataRoot(item)
	}
	return out
}

// forgetItems frees what nobody asks of the blocks far below those that came.
func (x *index) forgetItems(come []*entry) {
	for _, e := range come {
		if old := x.at(e.mark.Index - 2*buried); old != nil {
			old.items = nil
		}
	}
}

// adopt makes e the head of the main chain. It returns the main-chain blocks
// that left, and those that came, both ascending.
func (x *index) adopt(e *entry) (gone, come []*entry) {
	for ; !x.onMain(e); e = e.parent {
		come = append(come, e)
		x.sideBytes -= e.size
	}
	slices.Reverse(come)
	keep := e.mark.Index - x.rootHeight() + 1
	gone = slices.Clone(x.main[keep:])
	for _, e := range gone {
		x.sideBytes += e.size
	}
	x.main = append(x.main[:keep], come...)
	x.checkpoint(e.mark.Index)
	return gone, come
}

// checkpoint brings the checkpoints up to date above a height.
func (x *index) checkpoint(fork int64) {
	x.checkpoints = x.checkpoints[:fork/CheckpointStep+1]
	for h := int64(len(x.checkpoints)) * CheckpointStep; h <= x.head().mark.Index; h += CheckpointStep {
		x.checkpoints = append(x.checkpoints, x.at(h).mark.Hash)
	}
}

// locator lists main-chain hashes from the head down in growing steps, then
// the checkpoints below what is kept in growing steps, then genesis.
func (x *index) locator() []block.Hash {
	var out []block.Hash
	step := int64(1)
	for h := x.head().mark.Index; h > x.rootHeight(); h -= step {
		out = append(out, x.at(h).mark.Hash)
		if len(out) >= 10 {
			step *= 2
		}
	}
	skip := int64(1)
	for c := x.rootHeight() / CheckpointStep; c > 0; c -= skip {
		out = append(out, x.checkpoints[c])
		skip *= 2
	}
	return append(out, x.checkpoints[0])
}
