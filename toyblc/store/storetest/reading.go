package storetest

import (
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
		got, err := store.Serve(s, r.locator)
		if err != nil || len(got.Blocks) != r.count || got.More != r.more {
			t.Fatalf("%s: %d blocks, more %t (%v), want %d, %t", r.name, len(got.Blocks), got.More, err, r.count, r.more)
		}
		if r.count > 0 && got.Blocks[0].Index != r.first {
			t.Fatalf("%s: begins at %d, want %d", r.name, got.Blocks[0].Index, r.first)
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
