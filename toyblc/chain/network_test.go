package chain_test

import (
	"fmt"
	"os"
	"strconv"
	"testing"
	"time"

	"onex.io/onex/toyblc/block"
	"onex.io/onex/toyblc/chain"
)

// ring joins every node of a group with the next two.
func (w *world) ring(nodes []*simNode) {
	for i, n := range nodes {
		w.connect(n, nodes[(i+1)%len(nodes)])
		if len(nodes) > 4 {
			w.connect(n, nodes[(i+2)%len(nodes)])
		}
	}
}

// tenNodes is a network of two halves, each with miners and one node that is
// the first of its half.
func tenNodes(t *testing.T, seed uint64) (w *world, left, right []*simNode) {
	w = newWorld(t, seed)
	for i := range 10 {
		rate := 0.
		if i%5 > 1 {
			rate = 600 + 100*float64(i)
		}
		n := w.add(fmt.Sprintf("node-%d", i), i%5 == 0, rate)
		if i < 5 {
			left = append(left, n)
		} else {
			right = append(right, n)
		}
	}
	w.ring(left)
	w.ring(right)
	return w, left, right
}

// story: two halves mine apart, meet, and are harassed all the while.
func story(t *testing.T, seed uint64) block.Hash {
	w, left, right := tenNodes(t, seed)
	bad := &hostile{w: w, victim: left[1]}
	bad.attack()
	left[0].step(chain.Post{Data: "tea"})
	right[0].step(chain.Post{Data: "tea"})
	w.run(6 * time.Minute)
	a, b := left[0].machine.Status(), right[0].machine.Status()
	if a.Head == b.Head || a.Height < 3 || b.Height < 3 {
		t.Fatalf("the halves stand at %d and %d after six minutes apart", a.Height, b.Height)
	}
	w.connect(left[2], right[3])
	w.connect(left[0], right[0])
	w.run(time.Minute)
	right[4].step(chain.Post{Data: "coffee"})
	chainAtRest := w.rest()
	wantOnce(t, chainAtRest, "tea", "coffee")
	if left[0].reorgs < a.Height && right[0].reorgs < b.Height {
		t.Fatalf("undid %d of %d and %d of %d blocks, want one of the halves to give way", left[0].reorgs, a.Height, right[0].reorgs, b.Height)
	}
	if bad.trick < tricks {
		t.Fatalf("the hostile node was dropped %d times, want all %d tricks seen through", bad.trick, tricks)
	}
	for _, n := range w.nodes[2:] {
		if len(n.dropped) > 0 {
			t.Fatalf("%s dropped honest peers: %v", n.name, n.dropped)
		}
	}
	return chainAtRest[len(chainAtRest)-1].Hash
}

func wantOnce(t *testing.T, blocks []block.Block, texts ...string) {
	t.Helper()
	for _, text := range texts {
		count := 0
		for _, b := range blocks {
			for _, item := range block.Items(b.Data) {
				if item == text {
					count++
				}
			}
		}
		if count != 1 {
			t.Fatalf("%q is in the chain %d times, want once", text, count)
		}
	}
}

func TestTenNodesWithAPartitionAndAHostileNodeEndWithOneChain(t *testing.T) {
	for seed := range seeds(t) {
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) { story(t, seed) })
	}
}

func TestTheSameLuckGivesTheSameChain(t *testing.T) {
	if a, b := story(t, 42), story(t, 42); a != b {
		t.Fatalf("one run ended with %s, the other with %s", a, b)
	}
}

func TestALateJoinerFetchesALongChainInBatches(t *testing.T) {
	w := newWorld(t, 5)
	first := w.add("first", true, 8000)
	w.run(22 * time.Minute)
	height := first.machine.Status().Height
	if height < 2*chain.MaxBatch {
		t.Fatalf("height is %d, want more than two batches", height)
	}
	late := w.add("late", false, 0)
	if late.machine.Status().Synced {
		t.Fatal("a node without peers says it is synced")
	}
	w.connect(late, first)
	w.run(5 * time.Second)
	if s := late.machine.Status(); s.Height < height || !s.Synced {
		t.Fatalf("the late node stands at %d, synced %t, want %d", s.Height, s.Synced, height)
	}
	w.rest()
}

func TestANodeThatComesBackGoesOnFromItsStore(t *testing.T) {
	w := newWorld(t, 6)
	first, second := w.add("first", true, 8000), w.add("second", false, 8000)
	w.connect(first, second)
	w.run(5 * time.Minute)
	before := second.machine.Status().Height
	w.links[0].cut()
	w.run(time.Second)
	second.search++ // the process is gone, and its search with it
	second.boot(false)
	if s := second.machine.Status(); s.Height != before || s.Mining {
		t.Fatalf("back at %d, mining %t, want %d and to rest until a peer is there", s.Height, s.Mining, before)
	}
	w.run(time.Minute)
	w.connect(first, second)
	w.run(time.Minute)
	if s := second.machine.Status(); !s.Mining {
		t.Fatal("does not mine beside its peer")
	}
	w.rest()
}

func TestTheFirstNodeThatLostItsDiskGetsTheChainBackFromMiners(t *testing.T) {
	w := newWorld(t, 8)
	first := w.add("first", true, 0)
	miner := w.add("miner", false, 8000)
	w.connect(first, miner)
	w.run(3 * time.Minute)
	want := miner.machine.Status().Height
	w.links[0].cut()
	w.run(time.Second)
	w.nodes = w.nodes[1:]
	anew := w.add("first again", true, 0)
	w.connect(anew, miner)
	w.run(10 * time.Second)
	if got := anew.machine.Status().Height; got < want {
		t.Fatalf("stands at %d, want %d", got, want)
	}
	w.rest()
}

func TestTheIntervalHoldsWhileMinersJoinAndDie(t *testing.T) {
	w := newWorld(t, 9)
	first := w.add("first", true, 0)
	var miners []*simNode
	join := func(n int) {
		for range n {
			m := w.add(fmt.Sprintf("miner-%d", len(miners)), false, 2500)
			miners = append(miners, m)
			w.connect(m, first)
		}
	}
	for _, step := range []struct {
		name string
		do   func()
	}{
		{"three miners", func() { join(3) }},
		{"two more", func() { join(2) }},
		{"one is killed", func() { w.links[1].cut(); miners[1].rate = 0; miners[1].search++ }},
		{"it is replaced", func() { join(1) }},
	} {
		step.do()
		w.run(3 * time.Minute)
		before := first.machine.Status()
		w.run(2 * time.Minute)
		after := first.machine.Status()
		if blocks := after.Height - before.Height; blocks < 100 || blocks > 140 {
			t.Fatalf("%s: %d blocks in 120 s, want one a second", step.name, blocks)
		}
		if got, want := after.Rate, 2500*float64(w.hashing()); got < want/2 || got > 2*want {
			t.Fatalf("%s: the chain's hash rate is told as %.0f, want some %.0f", step.name, got, want)
		}
	}
}

// hashing counts the miners at work.
func (w *world) hashing() (n int) {
	for _, node := range w.nodes {
		if node.rate > 0 {
			n++
		}
	}
	return n
}

// seeds is how many worlds are played: a few, or as many as TOYBLC_SEEDS says.
func seeds(t *testing.T) uint64 {
	t.Helper()
	text := os.Getenv("TOYBLC_SEEDS")
	if text == "" {
		return 3
	}
	n, err := strconv.ParseUint(text, 10, 32)
	if err != nil {
		t.Fatalf("TOYBLC_SEEDS: %v", err)
	}
	return n
}
