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
// among it. It moves the root up once a quarter more than the kept length has
// gathered, so that the cost is spread and memory is not twice what is kept.
func (x *index) prune() []block.Hash {
	if cut := int64(len(x.main)) - x.keep; cut >= max(x.keep/4, min(x.keep, 64)) {
		for _, e := range x.main[:cut] {
			delete(x.entries, e.mark.Hash)
		}
		x.main = slices.Clone(x.main[cut:])
		x.main[0].parent = nil
		return x.sweep(x.rooted())
	}
	if int64(len(x.entries)-len(x.main)-x.ahead) > x.keep || x.sideBytes > maxSideBytes {
		return x.sweep(x.coming())
	}
	return nil
}

// coming is the set of headers that extend the main chain, with nothing but
// headers in between. Those on a side branch go with it.
func (x *index) coming() map[*entry]bool {
	found := map[*entry]bool{}
	for _, e := range x.byHeight() {
		if e.header != nil && (found[e.parent] || x.onMain(e.parent)) {
			found[e] = true
		}
	}
	return found
}

func (x *index) byHeight() []*entry {
	return slices.SortedFunc(maps.Values(x.entries), func(a, b *entry) int {
		return cmp.Compare(a.mark.Index, b.mark.Index)
	})
}

// rooted is the set of blocks that descend from the root.
func (x *index) rooted() map[*entry]bool {
	found := map[*entry]bool{x.main[0]: true}
	for _, e := range x.byHeight() {
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
			if e.header != nil {
				x.ahead--
				continue
			}
			x.sideBytes -= e.size
			lost = append(lost, hash)
		}
	}
	slices.SortFunc(lost, func(a, b block.Hash) int { return slices.Compare(a[:], b[:]) })
	return lost
}
