package main

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"onex.io/onex/toyblc/block"
)

// network is the first node of a chain, which does not mine, and miners that know only it.
func network(t *testing.T, miners int) (first *process, rest []*process) {
	t.Helper()
	first = start(t, "--min-mine-interval=1s")
	for i := range miners {
		rest = append(rest, start(t, miner(t, fmt.Sprintf("user-%d", i), 0.1)+"--min-mine-interval=1s --peers=ws://"+first.p2p))
	}
	return first, rest
}

func TestAReplacedMinerCatchesUpOnAnEmptyDiskAndGoesOn(t *testing.T) {
	first, miners := network(t, 2)
	old := miners[0]
	eventually(t, "it has won a block that is buried by now", func() bool {
		all := first.blocks(time.Second)
		return slices.ContainsFunc(all[:max(1, len(all)-5)], func(b block.Block) bool { return b.Address == "user-0" })
	})
	old.kill()
	before := first.status().Height
	eventually(t, "the other mines on", func() bool { return first.status().Height > before })
	reached := first.status()
	old.dir = t.TempDir()
	old.run()
	eventually(t, "it has caught up and mines", func() bool {
		s := old.status()
		return s.Height >= reached.Height && s.Synced && s.Mining
	})
	won := old.status().Won
	if won == 0 {
		t.Fatal("what its key had won before is forgotten")
	}
	eventually(t, "it wins another block", func() bool { return old.status().Won > won })
	eventually(t, "all have one chain", func() bool {
		head := first.status().Head
		return miners[0].status().Head == head && miners[1].status().Head == head
	})
	first.blocks(time.Second)
}

// Miners that know only the first node are told of each other by it, and go on
// without it.
func TestMinersGoOnWithoutTheFirstNodeAndFindItAgain(t *testing.T) {
	for _, r := range []struct {
		name string
		disk func(*process)
	}{
		{"with its disk", func(*process) {}},
		{"without", func(p *process) { p.dir = t.TempDir() }},
	} {
		t.Run(r.name, func(t *testing.T) {
			first, miners := network(t, 2)
			eventually(t, "three blocks", func() bool { return first.status().Height >= 3 })
			eventually(t, "the miners know each other", func() bool {
				return miners[0].status().Peers >= 2 && miners[1].status().Peers >= 2
			})
			first.kill()
			stood := miners[0].status().Height
			eventually(t, "they go on beside each other", func() bool {
				return miners[0].status().Height > stood+1 && miners[1].status().Height > stood+1
			})
			stood = miners[0].status().Height
			r.disk(first)
			first.run()
			eventually(t, "they are back, and have gone on", func() bool {
				s := first.status()
				return s.Peers >= 2 && s.Height > stood
			})
			first.blocks(time.Second)
		})
	}
}
