package chain

import (
	"cmp"
	"maps"
	"slices"

	"onex.io/onex/toyblc/block"
)

// maxSideBytes bounds the data of blocks off the main chain, which lie on the
// disk in the hope of a reorganization. Their number is bounded by keep.
const maxSideBytes = 64 << 20

// prune lets go of what cannot or must not be kept, and returns the side blocks
// among it. It moves the root up once twice the kept length has gathered, so
// that the cost is spread.
func (x *index) prune() []block.Hash {
	if cut := int64(len(x.main)) - x.keep; cut >= x.keep {
		for _, e := range x.main[:cut] {
			delete(x.entries, e.mark.Hash)
		}
		x.main = slices.Clone(x.main[cut:])
		x.main[0].parent = nil
		return x.sweep(x.rooted())
	}
	if int64(len(x.entries)-len(x.main)) > x.keep || x.sideBytes > maxSideBytes {
		return x.sweep(nil)
	}
	return nil
}

// rooted is the set of blocks that descend from the root.
func (x *index) rooted() map[*entry]bool {
	byHeight := slices.SortedFunc(maps.Values(x.entries), func(a, b *entry) int {
		return cmp.Compare(a.mark.Index, b.mark.Index)
	})
	found := map[*entry]bool{x.main[0]: true}
	for _, e := range byHeight {
		if e.parent != nil && found[e.parent] {
			found[e] = true
		}
	}
	return found
}

// sweep removes everything but the main chain and what is in keep. It returns
// what is lost in an order that does not depend on the map's.
func (x *index) sweep(keep map[*entry]bool) []block.Hash {
	var lost []block.Hash
	for hash, e := range x.entries {
		if !x.onMain(e) && !keep[e] {
			delete(x.entries, hash)
			x.sideBytes -= e.size
			lost = append(lost, hash)
		}
	}
	slices.SortFunc(lost, func(a, b block.Hash) int { return slices.Compare(a[:], b[:]) })
	return lost
}
