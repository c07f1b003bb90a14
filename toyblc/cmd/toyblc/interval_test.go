package main

import (
	"os"
	"testing"
	"time"
)

// What the simulation says in virtual time, said by real nodes in real time; too long for every change.
func TestTheIntervalHoldsBetweenProcesses(t *testing.T) {
	if os.Getenv("TOYBLC_SOAK") == "" {
		t.Skip("takes some ten minutes; scripts/soak sets TOYBLC_SOAK")
	}
	const interval, settled, counted = 2 * time.Second, 64, 100
	first := start(t, "--min-mine-interval=2s")
	join := func(name string) *process {
		return start(t, miner(t, name, 0.05)+"--min-mine-interval=2s --peers=ws://"+first.p2p)
	}
	miners := []*process{join("a"), join("b"), join("c")}
	for _, step := range []struct {
		name string
		do   func()
	}{
		{"three miners", func() {}},
		{"five miners, one of them new on an empty disk in place of one killed", func() {
			miners = append(miners, join("d"), join("e"))
			miners[0].kill()
			miners[0].dir = t.TempDir()
			miners[0].run()
		}},
	} {
		step.do()
		from := first.status().Height + settled
		reach(t, first, from+counted)
		all := first.blocks(interval)
		mean := float64(all[from+counted].Timestamp-all[from].Timestamp) / counted / interval.Seconds()
		t.Logf("%s: a block takes %.2f intervals", step.name, mean)
		if mean < 0.75 || mean > 1.25 {
			t.Fatalf("%s: a block takes %.2f intervals, want 1 ± 0.25", step.name, mean)
		}
	}
}

// reach waits as long as it may take.
func reach(t *testing.T, p *process, height int64) {
	t.Helper()
	for deadline := time.Now().Add(15 * time.Minute); p.status().Height < height; time.Sleep(time.Second) {
		if time.Now().After(deadline) {
			t.Fatalf("height %d, want %d", p.status().Height, height)
		}
	}
}
