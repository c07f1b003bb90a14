package main

import (
	"math/big"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
	"time"

	"onex.io/onex/toyblc/block"
	"onex.io/onex/toyblc/node"
)

// kills is how often each of the three lives below is ended by kill -9; together
// at least as often as TOYBLC_KILLS says.
func kills(t *testing.T) int {
	t.Helper()
	total := 21
	if text := os.Getenv("TOYBLC_KILLS"); text != "" {
		var err error
		if total, err = strconv.Atoi(text); err != nil {
			t.Fatal(err)
		}
	}
	return (total + 2) / 3
}

// killed asks a node for its status until a random moment within so long, and kills
// it then, and one time in three once more while it starts again. It runs again
// afterwards, and has what it told of: what was being written may be lost, and
// nothing else.
func (p *process) killed(within time.Duration) (before, after node.Status) {
	p.t.Helper()
	for end := time.Now().Add(rand.N(within)); ; {
		if before = p.status(); time.Now().After(end) {
			break
		}
	}
	p.kill()
	if rand.N(3) == 0 {
		p.begin()
		time.Sleep(rand.N(60 * time.Millisecond)) // any moment will do
		p.kill()
	}
	p.run()
	after = p.status()
	if work(p.t, after).Cmp(work(p.t, before)) < 0 {
		p.t.Fatalf("back with work %s at height %d, told of %s at height %d before the kill", after.Work, after.Height, before.Work, before.Height)
	}
	return before, after
}

func work(t *testing.T, s node.Status) *big.Int {
	t.Helper()
	w, ok := new(big.Int).SetString(s.Work, 10)
	if !ok {
		t.Fatalf("work is %q", s.Work)
	}
	return w
}

// at is the hash of a block of the node's main chain.
func (p *process) at(height int64) (h block.Hash) {
	p.t.Helper()
	var b block.Block
	p.get("/v1/blocks/"+strconv.FormatInt(height, 10), &b)
	return b.Hash
}

// A lone miner of a young chain writes some ten blocks a second.
func TestAMinerKilledAtAnyMomentGoesOnWithItsDisk(t *testing.T) {
	p := start(t, miner(t, "user-a", 0.5)+"--min-mine-interval=1s")
	for range kills(t) {
		before, after := p.killed(400 * time.Millisecond)
		if after.Won < before.Won || p.at(before.Height) != before.Head {
			t.Fatalf("block %d is %s after the kill, was %s; %d blocks won, were %d", before.Height, p.at(before.Height), before.Head, after.Won, before.Won)
		}
	}
	height := p.status().Height
	eventually(t, "it mines on", func() bool { return p.status().Height > height })
	t.Logf("%d kills at heights up to %d", kills(t), height)
	p.blocks(time.Second)
}

// learning is a node with a chain that it exchanges for a peer's, again and again.
type learning struct {
	*process
	source *process
	from   func() string // a new data directory as it is before
	took   time.Duration // to learn it all
	middle int           // kills before it was through
}

func (l *learning) through() bool { return l.status().Head == l.source.status().Head }

// again puts the node back to where it began.
func (l *learning) again() {
	l.t.Helper()
	l.kill()
	l.dir = l.from()
	l.run()
}

// learn runs a node beside a source, lets it learn everything once, and then kills it
// while it learns. It ends with the source's chain.
func learn(t *testing.T, source, from string, check func(node.Status) bool) {
	t.Helper()
	l := &learning{source: &process{t: t, http: freePort(t), p2p: freePort(t), dir: source, args: "--min-mine-interval=1s"}}
	l.source.run()
	l.from = func() string { return t.TempDir() }
	if from != "" {
		l.from = func() string { return copied(t, from) }
	}
	l.process = &process{t: t, http: freePort(t), p2p: freePort(t), dir: l.from(), args: "--min-mine-interval=1s --peers=ws://" + l.source.p2p}
	began := time.Now()
	l.run()
	eventually(t, "it learns everything", l.through)
	l.took = time.Since(began)
	for range kills(t) {
		if l.through() {
			l.again()
		}
		before, after := l.killed(l.took)
		if before.Head != l.source.status().Head {
			l.middle++
		}
		if !check(before) || !check(after) {
			t.Fatalf("before the kill %+v, after it %+v: not of the chains that there are", before, after)
		}
	}
	eventually(t, "it has learned everything", l.through)
	t.Logf("%d kills, %d of them before it was through with what takes %s", kills(t), l.middle, l.took.Round(time.Millisecond))
	if want := l.source.blocks(time.Second); len(want) != len(l.blocks(time.Second)) {
		t.Fatalf("its chain is not the source's of %d blocks", len(want))
	}
}

func TestANodeKilledAtAnyMomentOfSyncingGoesOnWithItsDisk(t *testing.T) {
	dir, long := t.TempDir(), grow(t, "user-a")
	long.into(dir, 4000)
	learn(t, dir, "", func(s node.Status) bool { return s.Head == long.hash[s.Height] })
}

func TestANodeKilledAtAnyMomentOfReorganizingHasTheOldChainOrTheNew(t *testing.T) {
	oldDir, long := t.TempDir(), grow(t, "user-a")
	long.into(oldDir, 200)
	newDir, better := copied(t, oldDir), long.branch("user-b")
	long.into(oldDir, 1500)
	better.into(newDir, 2500)
	learn(t, newDir, oldDir, func(s node.Status) bool {
		return s.Height == int64(len(long.hash))-1 && s.Head == long.hash[s.Height] ||
			s.Height >= int64(len(long.hash))-1 && s.Head == better.hash[s.Height]
	})
}
