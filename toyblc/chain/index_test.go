package chain

import (
	"strings"
	"testing"
	"time"

	"onex.io/onex/toyblc/block"
)

func testIndex() (*index, *entry) {
	g := block.Genesis(block.Params{ChainID: "c", Time: time.Unix(1_800_000_000, 0), Interval: time.Second})
	x := newIndex(g, Keep)
	return x, x.head()
}

// branch links n blocks, which an index does not judge.
func branch(x *index, on *entry, n int, name byte, data string) *entry {
	for range n {
		b := block.Block{Header: block.Header{Index: on.mark.Index + 1, Target: block.MaxTarget()}, Data: data}
		b.Hash = block.Hash{name, byte(b.Index >> 16), byte(b.Index >> 8), byte(b.Index)}
		on = x.link(on, b)
	}
	return on
}

func ancestor(e *entry, height int64) *entry {
	for e.mark.Index > height {
		e = e.parent
	}
	return e
}

func TestCheckpointsFollowTheMainChain(t *testing.T) {
	x, genesis := testIndex()
	a := branch(x, genesis, 3100, 'a', "")
	x.adopt(a)
	b := branch(x, ancestor(a, 1500), 700, 'b', "")
	x.adopt(b)
	want := []block.Hash{genesis.mark.Hash, ancestor(a, 1000).mark.Hash, ancestor(b, 2000).mark.Hash}
	if len(x.checkpoints) != len(want) {
		t.Fatalf("%d checkpoints, want %d: the chain ends at 2200", len(x.checkpoints), len(want))
	}
	for i, h := range want {
		if x.checkpoints[i] != h {
			t.Fatalf("checkpoint %d is %s, want %s", i, x.checkpoints[i], h)
		}
	}
}

func TestDataOfSideBlocksIsBounded(t *testing.T) {
	x, genesis := testIndex()
	x.adopt(branch(x, genesis, 3, 'a', "tea"))
	large := strings.Repeat("x", block.MaxData)
	full := maxSideBytes / block.MaxData
	tip := branch(x, genesis, full, 'b', large)
	if lost := x.prune(); len(lost) > 0 {
		t.Fatalf("%d blocks are lost, want none yet", len(lost))
	}
	branch(x, tip, 1, 'b', large)
	if lost := x.prune(); len(lost) != full+1 || x.sideBytes != 0 || len(x.entries) != 4 {
		t.Fatalf("%d blocks are lost, %d bytes and %d entries left, want %d, 0 and 4", len(lost), x.sideBytes, len(x.entries), full+1)
	}
}

func TestDataCountsOnlyWhileItIsOffTheMainChain(t *testing.T) {
	x, genesis := testIndex()
	a, b := branch(x, genesis, 3, 'a', "tea"), branch(x, genesis, 4, 'b', "milk")
	for _, r := range []struct {
		follow *entry
		want   int
	}{{a, 4 * len("milk")}, {b, 3 * len("tea")}, {a, 4 * len("milk")}} {
		x.adopt(r.follow)
		if x.sideBytes != r.want {
			t.Fatalf("%d bytes off the main chain, want %d", x.sideBytes, r.want)
		}
	}
}

func TestSideBranchesThatStandOnTheRootSurviveItsMove(t *testing.T) {
	x, genesis := testIndex()
	x.keep = 10
	main := branch(x, genesis, 19, 'a', "")
	old, young := branch(x, ancestor(main, 3), 2, 'o', ""), branch(x, ancestor(main, 12), 2, 'y', "")
	x.adopt(main)
	lost := x.prune()
	if x.rootHeight() != 10 || len(lost) != 2 {
		t.Fatalf("root at %d, %d blocks lost, want 10 and 2", x.rootHeight(), len(lost))
	}
	if x.entries[old.mark.Hash] != nil || x.entries[young.mark.Hash] == nil || len(x.entries) != 12 {
		t.Fatalf("%d entries are left, want the main chain and the young branch", len(x.entries))
	}
}
