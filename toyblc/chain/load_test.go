package chain_test

import (
	"slices"
	"testing"
	"time"

	"onex.io/onex/toyblc/block"
	"onex.io/onex/toyblc/chain"
)

func withWork(blocks []block.Block) []chain.Stored {
	var work chain.Work
	out := make([]chain.Stored, len(blocks))
	for i, b := range blocks {
		work = work.Plus(b.Target)
		out[i] = chain.Stored{Block: b, Work: work}
	}
	return out
}

func TestWhatIsLoadedIsChecked(t *testing.T) {
	blocks := withWork(grow(t, genesisOnly(), 20, 10, "a"))
	points := []block.Hash{blocks[0].Block.Hash}
	changed := func(i int, change func(*chain.Stored)) []chain.Stored {
		out := append([]chain.Stored(nil), blocks...)
		change(&out[i])
		return out
	}
	for _, r := range []struct {
		name string
		in   chain.Loaded
		want int64 // height; -1 when it is corrupt
	}{
		{"nothing is a new chain", chain.Loaded{}, 0},
		{"the whole chain", chain.Loaded{Blocks: blocks, Checkpoints: points}, 20},
		{"the end of it", chain.Loaded{Blocks: blocks[5:], Checkpoints: points}, 20},
		{"another genesis", chain.Loaded{Blocks: changed(0, func(s *chain.Stored) { s.Block.Data = "x" }), Checkpoints: points}, -1},
		{"a checkpoint that is not our genesis", chain.Loaded{Blocks: blocks[5:], Checkpoints: []block.Hash{{1}}}, -1},
		{"no checkpoints", chain.Loaded{Blocks: blocks[5:]}, -1},
		{"a hole", chain.Loaded{Blocks: append(append([]chain.Stored(nil), blocks[:9]...), blocks[10:]...), Checkpoints: points}, -1},
		{"a hole near the root", chain.Loaded{Blocks: append(append([]chain.Stored(nil), blocks[5:7]...), blocks[8:]...), Checkpoints: points}, -1},
		{"other data", chain.Loaded{Blocks: changed(15, func(s *chain.Stored) { s.Block.Data = "x" }), Checkpoints: points}, -1},
		{"a nonce without proof", chain.Loaded{Blocks: changed(20, func(s *chain.Stored) { s.Block.Nonce++; s.Block.Hash = s.Block.Header.Hash() }), Checkpoints: points}, -1},
		{"more work than was done", chain.Loaded{Blocks: changed(20, func(s *chain.Stored) { s.Work[0] = 1 }), Checkpoints: points}, -1},
		{"a root without proof", chain.Loaded{Blocks: changed(5, func(s *chain.Stored) { s.Block.Nonce++; s.Block.Hash = s.Block.Header.Hash() })[5:], Checkpoints: points}, -1},
	} {
		t.Run(r.name, func(t *testing.T) {
			m, err := chain.New(chain.Config{Params: params(), Node: "me"})
			if err != nil {
				t.Fatal(err)
			}
			b := &bench{t: t, m: m, now: start.Add(time.Hour)}
			b.step(r.in)
			if r.want < 0 {
				if one[chain.Corrupt](b).Err == nil {
					t.Fatal("corrupt without a cause")
				}
				return
			}
			none[chain.Corrupt](b)
			if got := m.Status().Height; got != r.want {
				t.Fatalf("height is %d, want %d", got, r.want)
			}
		})
	}
}

func TestANewChainStoresItsGenesis(t *testing.T) {
	b := newBench(t, nil)
	if got := one[chain.Store](b); got.From != 0 || len(got.Main) != 1 || got.Add[0].Block != block.Genesis(params()) {
		t.Fatalf("stored %+v, want the genesis block", got)
	}
}

// Only Keep blocks stay in memory; what is older can neither be reorganized
// nor built on, and side blocks that lose their footing are forgotten on disk.
func TestOldBlocksAreLetGo(t *testing.T) {
	main, side := grow(t, genesisOnly(), 60, 10, "a"), grow(t, genesisOnly(), 2, 10, "side")
	b := newBench(t, func(c *chain.Config) { c.Keep = 20 })
	b.meet(1, lots())
	b.give(1, side[1:], true)
	b.hear(1, lots())
	b.give(1, main[1:4], true)
	one[chain.Reorged](b)
	var forgotten []block.Hash
	for i := 4; i <= 60; i += 10 {
		b.hear(1, lots())
		b.give(1, main[i:min(i+10, 61)], true)
		for _, o := range b.out {
			if s, ok := o.(chain.Store); ok {
				forgotten = append(forgotten, s.Forget...)
			}
		}
	}
	if b.m.Status().Height != 60 || len(forgotten) != 2 {
		t.Fatalf("height %d, %d side blocks forgotten, want 60 and 2", b.m.Status().Height, len(forgotten))
	}
	b.hear(1, lots())
	b.give(1, grow(t, main[:6], 1, 10, "late")[6:], false)
	if got := one[chain.Drop](b); got.Reason != chain.Unlinked {
		t.Fatalf("dropped for %q, want Unlinked: that branch is too old", got.Reason)
	}
}

func TestALocatorReachesGenesisInFewSteps(t *testing.T) {
	b := newBench(t, func(c *chain.Config) { c.Keep = 30 })
	b.now = start.Add(24 * time.Hour)
	blocks := grow(t, genesisOnly(), 1200, 10, "a")
	b.meet(1, lots())
	for i := 1; i < len(blocks); i += 100 {
		b.give(1, blocks[i:min(i+100, len(blocks))], true)
	}
	want := sent[chain.Want](b)
	heights := map[block.Hash]int64{}
	for _, k := range blocks {
		heights[k.Hash] = k.Index
	}
	var got []int64
	for _, h := range want.Locator {
		got = append(got, heights[h])
	}
	if len(got) > 30 || got[0] != 1200 || got[len(got)-1] != 0 || !slices.Contains(got, 1000) {
		t.Fatalf("locator names heights %v, want few, from 1200 by way of 1000 to 0", got)
	}
}

// Somebody with an easy early fork could fill the disk with blocks that never
// win. Beyond the bound all side blocks are forgotten.
func TestSideBlocksAreBounded(t *testing.T) {
	b := newBench(t, func(c *chain.Config) { c.Keep = 5 })
	b.meet(1, lots())
	for i, r := range []struct{ length, forgotten int }{{5, 0}, {6, 0}, {7, 11}} {
		b.hear(1, lots())
		b.give(1, grow(t, genesisOnly(), r.length, 10, string('a'+rune(i)))[1:], true)
		forgotten := 0
		for _, o := range b.out {
			if s, ok := o.(chain.Store); ok {
				forgotten += len(s.Forget)
			}
		}
		if forgotten != r.forgotten || b.m.Status().Height != int64(r.length) {
			t.Fatalf("height %d, %d blocks forgotten, want %d and %d", b.m.Status().Height, forgotten, r.length, r.forgotten)
		}
	}
}

func TestWhatIsLoadedMayComeInPieces(t *testing.T) {
	blocks := withWork(grow(t, genesisOnly(), 20, 10, "a"))
	points := []block.Hash{blocks[0].Block.Hash}
	m, err := chain.New(chain.Config{Params: params(), Node: "me"})
	if err != nil {
		t.Fatal(err)
	}
	b := &bench{t: t, m: m, now: start.Add(time.Hour)}
	for _, part := range [][]chain.Stored{blocks[2:5], blocks[5:6], blocks[6:]} {
		b.step(chain.Loaded{Blocks: part, Checkpoints: points})
		none[chain.Corrupt](b)
	}
	if got := m.Status().Height; got != 20 {
		t.Fatalf("height is %d, want 20", got)
	}
}
