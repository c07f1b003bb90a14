package chain_test

import (
	"math"
	"testing"
	"time"

	"onex.io/onex/toyblc/block"
	"onex.io/onex/toyblc/chain"
)

func TestTheHashRateOfAChainIsItsWorkOverTheTime(t *testing.T) {
	const spacing = 2
	blocks := grow(t, genesisOnly(), 40, spacing, "a")
	work := func(from, to int) (sum float64) {
		for _, b := range blocks[from+1 : to+1] {
			sum += float64(block.ExpectedHashes(b.Target).Int64())
		}
		return sum
	}
	points := []block.Hash{blocks[0].Hash}
	for _, r := range []struct {
		name   string
		height int
		late   int64 // seconds after the head's own time
		want   float64
	}{
		{"genesis alone says nothing", 0, 0, 0},
		{"nor does block 1: nobody knows when its miner began", 1, 0, 0},
		{"two blocks", 2, 0, work(1, 2) / spacing},
		{"the last 32 of forty", 40, 0, work(8, 40) / (32 * spacing)},
		{"while no block comes the rate falls", 40, 32 * spacing, work(8, 40) / (64 * spacing)},
		{"a judge whose clock is behind takes the block's", 40, -100, work(8, 40) / (32 * spacing)},
	} {
		t.Run(r.name, func(t *testing.T) {
			m, err := chain.New(chain.Config{Params: params()})
			if err != nil {
				t.Fatal(err)
			}
			m.Step(time.Unix(blocks[r.height].Timestamp+r.late, 0), chain.Loaded{Blocks: withWork(blocks[:r.height+1]), Checkpoints: points})
			if got := m.Status(); got.Height != int64(r.height) || math.Abs(got.Rate-r.want) > 1e-6*r.want {
				t.Fatalf("height %d, rate %g, want %d and %g", got.Height, got.Rate, r.height, r.want)
			}
		})
	}
}

func TestTheTargetTheStatusTellsIsTheNextBlocks(t *testing.T) {
	blocks := grow(t, genesisOnly(), 30, 3, "a")
	stored, points := withWork(blocks), []block.Hash{blocks[0].Hash}
	for _, r := range []struct {
		name   string
		loaded []chain.Stored
		want   block.Target
	}{
		{"of a chain from genesis", stored[:12], blocks[12].Target},
		{"of the end of a chain", stored[10:25], blocks[25].Target},
		{"of an end too short to tell by", stored[10:11], blocks[10].Target},
	} {
		t.Run(r.name, func(t *testing.T) {
			m, err := chain.New(chain.Config{Params: params()})
			if err != nil {
				t.Fatal(err)
			}
			m.Step(time.Unix(blocks[30].Timestamp, 0), chain.Loaded{Blocks: r.loaded, Checkpoints: points})
			if got := m.Status().Next; got != r.want {
				t.Fatalf("next target is %s, want %s", got, r.want)
			}
		})
	}
}
