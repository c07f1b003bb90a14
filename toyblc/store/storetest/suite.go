// Package storetest is the conformance suite of store.Store: every
// implementation passes it.
package storetest

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"onex.io/onex/toyblc/block"
	"onex.io/onex/toyblc/chain"
	"onex.io/onex/toyblc/store"
)

// Full is a store that also keeps the tally.
type Full interface {
	store.Store
	store.Tally
}

// Run tests a store that open makes empty.
func Run(t *testing.T, open func(*testing.T) Full) {
	for name, test := range map[string]func(*testing.T, Full){
		"an empty store has no height, no blocks and finds nothing":    empty,
		"blocks come back as they were stored":                         roundTrip,
		"a range is bounded by number and by size":                     bounded,
		"a side block is on no main chain until it is followed":        side,
		"a reorganization replaces blocks and keeps the old aside":     reorganize,
		"a change applied twice is applied once":                       twice,
		"a forgotten side block cannot be followed":                    forget,
		"a change that cannot be applied whole leaves all as it was":   whole,
		"a peer is served from where its chain meets ours":             serve,
		"the data of blocks is served as far as they are ours":         serveBodies,
		"what is loaded are the last blocks and all the checkpoints":   load,
		"a chain that gets shorter by a reorganization ends where due": shorter,
		"the tally of signers follows the main chain":                  tally,
		"signers are listed page by page in the order of their keys":   signers,
	} {
		t.Run(name, func(t *testing.T) { test(t, open(t)) })
	}
}

// Chain makes n linked blocks after parent; name makes two chains differ. They
// have no proof: a store does not judge.
func Chain(parent chain.Stored, n int, name string) []chain.Stored {
	out := make([]chain.Stored, n)
	for i := range out {
		p := parent.Block
		data := fmt.Sprintf("%s %d", name, p.Index+1)
		h := block.Header{
			Version: block.Version, ChainID: p.ChainID, Index: p.Index + 1, PreviousHash: p.Hash,
			DataRoot: block.DataRoot(data), Timestamp: p.Timestamp + 1, Target: p.Target,
			Nonce: 1 << 63, Address: name, PublicKey: block.PublicKey{1},
		}
		parent = chain.Stored{
			Block: block.Block{Header: h, Data: data, Hash: h.Hash(), Signature: block.Signature{2}},
			Work:  parent.Work.Plus(h.Target),
		}
		out[i] = parent
	}
	return out
}

// Genesis is the block that every test chain begins with.
func Genesis() chain.Stored {
	g := block.Genesis(block.Params{ChainID: "c", Time: time.Unix(1_800_000_000, 0), Interval: time.Second})
	return chain.Stored{Block: g, Work: chain.Work{}.Plus(g.Target)}
}

// Extend is the change that puts blocks on top of the main chain.
func Extend(blocks ...chain.Stored) chain.Store {
	c := chain.Store{Add: blocks, From: blocks[0].Block.Index}
	for _, b := range blocks {
		c.Main = append(c.Main, b.Block.Hash)
	}
	return c
}

func apply(t *testing.T, s store.Store, changes ...chain.Store) {
	t.Helper()
	for _, c := range changes {
		if err := s.Apply(c); err != nil {
			t.Fatal(err)
		}
	}
}

// WantMain checks the whole main chain.
func WantMain(t *testing.T, s store.Store, want []chain.Stored) {
	t.Helper()
	got, err := s.Range(0, len(want)+10)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(got, want) {
		t.Fatalf("main chain has %d blocks, want %d, or they differ", len(got), len(want))
	}
	height, err := s.Height()
	if err != nil || height != int64(len(want))-1 {
		t.Fatalf("height is %d (%v), want %d", height, err, len(want)-1)
	}
	for i, w := range want {
		if at, err := s.Find(w.Block.Hash); err != nil || at != int64(i) {
			t.Fatalf("block %d is found at %d (%v)", i, at, err)
		}
	}
}

func wantMissing(t *testing.T, s store.Store, blocks ...chain.Stored) {
	t.Helper()
	for _, b := range blocks {
		if at, err := s.Find(b.Block.Hash); err != nil || at != -1 {
			t.Fatalf("block %d is found at %d (%v), want -1", b.Block.Index, at, err)
		}
	}
}

func empty(t *testing.T, s Full) {
	WantMain(t, s, nil)
	wantMissing(t, s, Genesis())
	if loaded := loadAll(t, s, 100); len(loaded.Blocks) > 0 {
		t.Fatalf("loaded %d blocks, want none", len(loaded.Blocks))
	}
}

func roundTrip(t *testing.T, s Full) {
	all := append([]chain.Stored{Genesis()}, Chain(Genesis(), 5, "a")...)
	apply(t, s, Extend(all[0]), Extend(all[1]), Extend(all[2:]...))
	WantMain(t, s, all)
}

func bounded(t *testing.T, s Full) {
	big := Chain(Genesis(), 80, "a")
	for i := range big {
		big[i].Block.Data = strings.Repeat("x", block.MaxData)
		big[i].Block.DataRoot = block.DataRoot(big[i].Block.Data)
		big[i].Block.Hash = big[i].Block.Header.Hash()
	}
	apply(t, s, Extend(Genesis()), Extend(big...))
	for _, r := range []struct{ from, limit, want int }{
		{0, 0, 0}, {0, 7, 7}, {79, 7, 2}, {81, 7, 0}, {1 << 40, 7, 0}, {-5, 1, 1},
		{1, 1000, store.RangeBytes / block.MaxData},
	} {
		got, err := s.Range(int64(r.from), r.limit)
		if err != nil || len(got) != r.want {
			t.Fatalf("range %d limit %d has %d blocks (%v), want %d", r.from, r.limit, len(got), err, r.want)
		}
	}
}

func side(t *testing.T, s Full) {
	a, b := Chain(Genesis(), 2, "a"), Chain(Genesis(), 3, "b")
	apply(t, s, Extend(Genesis()), Extend(a...), chain.Store{Add: b[:2]})
	WantMain(t, s, append([]chain.Stored{Genesis()}, a...))
	wantMissing(t, s, b...)
	follow := Extend(b...)
	follow.Add = b[2:]
	apply(t, s, follow)
	WantMain(t, s, append([]chain.Stored{Genesis()}, b...))
}

func reorganize(t *testing.T, s Full) {
	a, b := Chain(Genesis(), 4, "a"), Chain(Genesis(), 5, "b")
	apply(t, s, Extend(Genesis()), Extend(a...), Extend(b...))
	WantMain(t, s, append([]chain.Stored{Genesis()}, b...))
	wantMissing(t, s, a...)
	back := Extend(append(slices.Clone(a), Chain(a[3], 2, "a")...)...)
	back.Add = back.Add[4:]
	apply(t, s, back)
	WantMain(t, s, append([]chain.Stored{Genesis()}, Chain(Genesis(), 6, "a")...))
}

func twice(t *testing.T, s Full) {
	a := Chain(Genesis(), 3, "a")
	apply(t, s, Extend(Genesis()), Extend(a...))
	apply(t, s, chain.Store{Add: a}, chain.Store{Add: a[1:]})
	WantMain(t, s, append([]chain.Stored{Genesis()}, a...))
}

func forget(t *testing.T, s Full) {
	a, b := Chain(Genesis(), 1, "a"), Chain(Genesis(), 1, "b")
	lost := chain.Store{Forget: []block.Hash{b[0].Block.Hash}}
	apply(t, s, Extend(Genesis()), Extend(a...), chain.Store{Add: b}, lost, lost)
	if err := s.Apply(chain.Store{From: 1, Main: []block.Hash{b[0].Block.Hash}}); err == nil {
		t.Fatal("a forgotten block was followed")
	}
	WantMain(t, s, append([]chain.Stored{Genesis()}, a...))
}

func whole(t *testing.T, s Full) {
	a, b := Chain(Genesis(), 2, "a"), Chain(Genesis(), 3, "b")
	apply(t, s, Extend(Genesis()), Extend(a...))
	holed := Extend(b...)
	holed.Add = holed.Add[:2]
	gap := Extend(Chain(a[1], 3, "a")[1:]...)
	for name, c := range map[string]chain.Store{"a block that is not there": holed, "a height above the head": gap} {
		if err := s.Apply(c); err == nil {
			t.Fatalf("%s: applied", name)
		}
		WantMain(t, s, append([]chain.Stored{Genesis()}, a...))
	}
}

func shorter(t *testing.T, s Full) {
	a, b := Chain(Genesis(), 6, "a"), Chain(Genesis(), 2, "b")
	apply(t, s, Extend(Genesis()), Extend(a...), Extend(b...))
	WantMain(t, s, append([]chain.Stored{Genesis()}, b...))
	wantMissing(t, s, a...)
}
