package storetest

import (
	"slices"
	"strings"
	"testing"

	"onex.io/onex/toyblc/block"
	"onex.io/onex/toyblc/chain"
	"onex.io/onex/toyblc/store"
)

func serve(t *testing.T, s Full) {
	a, b := Chain(Genesis(), chain.MaxBatch+20, "a"), Chain(Genesis(), 2, "b")
	apply(t, s, Extend(Genesis()), Extend(a...), chain.Store{Add: b})
	head := a[len(a)-1].Block.Hash
	for _, r := range []struct {
		name    string
		locator []block.Hash
		first   int64
		count   int
		more    bool
	}{
		{"nothing in common but genesis", []block.Hash{{9}, Genesis().Block.Hash}, 1, chain.MaxBatch, true},
		{"an empty question counts as genesis", nil, 1, chain.MaxBatch, true},
		{"a block of ours", []block.Hash{a[99].Block.Hash, Genesis().Block.Hash}, 101, 420, false},
		{"a side block is not where we meet", []block.Hash{b[1].Block.Hash, a[17].Block.Hash}, 19, chain.MaxBatch, true},
		{"our head", []block.Hash{head}, 0, 0, false},
	} {
		got, err := store.ServeHeaders(s, r.locator)
		if err != nil || len(got.Headers) != r.count || got.More != r.more {
			t.Fatalf("%s: %d blocks, more %t (%v), want %d, %t", r.name, len(got.Headers), got.More, err, r.count, r.more)
		}
		if r.count > 0 && (got.Headers[0].Index != r.first || got.Headers[0].Data != "") {
			t.Fatalf("%s: begins with %+v, want header %d", r.name, got.Headers[0], r.first)
		}
	}
}

func serveBodies(t *testing.T, s Full) {
	a, b := Chain(Genesis(), 30, "a"), Chain(Genesis(), 2, "b")
	big := Chain(a[29], 20, "a")
	for i := range big {
		big[i].Block.Data = strings.Repeat("x", block.MaxData)
		big[i].Block.DataRoot = block.DataRoot(big[i].Block.Data)
		big[i].Block.Hash = big[i].Block.Header.Hash()
	}
	apply(t, s, Extend(Genesis()), Extend(a...), Extend(big...), chain.Store{Add: b})
	for _, r := range []struct {
		name string
		ask  []chain.Stored
		want int
	}{
		{"a run", a[3:17], 14},
		{"with gaps", slices.Concat(a[3:5], a[7:8], a[20:]), 13},
		{"up to one that is not on the main chain", slices.Concat(a[:2], b[:1], a[2:]), 2},
		{"a side block", b, 0},
		{"nothing", nil, 0},
		{"more than one answer holds", big, store.RangeBytes / block.MaxData},
	} {
		var ask []block.Hash
		for _, a := range r.ask {
			ask = append(ask, a.Block.Hash)
		}
		got, err := store.ServeBodies(s, ask)
		if err != nil || len(got.Data) != r.want {
			t.Fatalf("%s: %d bodies (%v), want %d", r.name, len(got.Data), err, r.want)
		}
		for i, data := range got.Data {
			if data != r.ask[i].Block.Data {
				t.Fatalf("%s: body %d is of another block", r.name, i)
			}
		}
	}
}

func load(t *testing.T, s Full) {
	a := Chain(Genesis(), 2*chain.CheckpointStep+30, "a")
	apply(t, s, Extend(Genesis()), Extend(a...))
	got := loadAll(t, s, 700)
	if len(got.Blocks) != 700 || got.Blocks[699] != a[len(a)-1] || got.Blocks[0] != a[len(a)-700] {
		t.Fatalf("loaded %d blocks, want the last 700", len(got.Blocks))
	}
	if len(got.Checkpoints) != 3 || got.Checkpoints[2] != a[2*chain.CheckpointStep-1].Block.Hash {
		t.Fatalf("loaded %d checkpoints, want those of heights 0, 1000, 2000", len(got.Checkpoints))
	}
	if all := loadAll(t, s, 1<<40); len(all.Blocks) != len(a)+1 {
		t.Fatalf("loaded %d blocks, want all %d", len(all.Blocks), len(a)+1)
	}
}

// loadAll puts the pieces together.
func loadAll(t *testing.T, s store.Store, keep int64) (all chain.Loaded) {
	t.Helper()
	pieces := 0
	err := store.Load(s, keep, func(piece chain.Loaded) error {
		pieces++
		all.Blocks = append(all.Blocks, piece.Blocks...)
		all.Checkpoints = piece.Checkpoints
		return nil
	})
	if err != nil || pieces == 0 {
		t.Fatalf("load: %d pieces (%v), want at least one", pieces, err)
	}
	return all
}
