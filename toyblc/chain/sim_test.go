package chain_test

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"onex.io/onex/toyblc/block"
	"onex.io/onex/toyblc/chain"
)

// The simulation of a hundred nodes. Its work is real: every block takes its
// thousands of hashes, which a pre-mined beginning has brought down to what this
// small crowd finds in an interval. Only time is virtual, and verdicts about
// signatures are shared.
const (
	simNodes    = 100
	simTraitors = 10
	simMiners   = 30  // of the honest
	simPower    = 700 // hashes per virtual second, all together
	simFaulty   = 60  // intervals with faults
	simCalm     = 30  // intervals after
	simLinks    = 6   // that a node wants
	simDepth    = 6   // below which all agree
	simReorg    = 12  // that nobody gives up without a partition
)

func simParams() block.Params {
	return block.Params{ChainID: "world", Time: start, Interval: 10 * time.Second}
}

// beginning is a chain on which the difficulty has come down, mined once.
var beginning = sync.OnceValue(func() []chain.Stored {
	p := simParams()
	g := block.Genesis(p)
	out := []chain.Stored{{Block: g, Work: chain.Work{}.Plus(g.Target)}}
	past := block.Window{g.Mark()}
	key := ed25519FromName("beginning")
	for block.ExpectedHashes(block.NextTarget(p, past)).Int64() > simPower*10 {
		parent := past.Parent()
		m := chain.Mine{Header: block.Header{
			Version: block.Version, ChainID: p.ChainID, Index: parent.Index + 1, PreviousHash: parent.Hash,
			DataRoot: block.DataRoot(""), Timestamp: parent.Timestamp + 60, Target: block.NextTarget(p, past), Address: "beginning",
		}}
		copy(m.Header.PublicKey[:], key[32:])
		b := solve(m, key)
		past = past.Next(b.Mark())
		out = append(out, chain.Stored{Block: b, Work: out[len(out)-1].Work.Plus(b.Target)})
	}
	return out
})

func hashesOf(stored []chain.Stored) []block.Hash {
	out := make([]block.Hash, len(stored))
	for i, s := range stored {
		out[i] = s.Block.Hash
	}
	return out
}

// some is a random time below d.
func (w *world) some(d time.Duration) time.Duration { return time.Duration(w.luck.Int64N(int64(d))) }

// peers lists a node's links that stand, in order.
func (n *simNode) peers() []chain.PeerID {
	var out []chain.PeerID
	for id, l := range n.links {
		if !l.dead {
			out = append(out, id)
		}
	}
	slices.Sort(out)
	return out
}

// ban keeps whoever was dropped out for a while; a minute at most, after which it
// has found another address.
func (n *simNode) ban(who actor, d chain.Drop) {
	if n.banned == nil {
		n.banned = map[actor]time.Time{}
	}
	n.banned[who] = n.w.now.Add(min(d.Ban, time.Minute))
}

// dial looks for peers like the edges of a node do.
func (n *simNode) dial() {
	n.w.after(2*time.Second+n.w.some(4*time.Second), n.dial)
	if n.away || len(n.links) >= simLinks {
		return
	}
	other := n.w.nodes[n.w.luck.IntN(len(n.w.nodes))]
	if other == n || other.away || other.side != n.side || n.knows(other) ||
		n.banned[other].After(n.w.now) || other.banned[n].After(n.w.now) {
		return
	}
	n.w.connect(n, other).slow = n.w.some(time.Second)
}

func (n *simNode) knows(other *simNode) bool {
	for _, l := range n.links {
		if l.ends[0] == actor(other) || l.ends[1] == actor(other) {
			return true
		}
	}
	return false
}

// crash ends a node's process; it comes back with what it had stored.
func (n *simNode) crash() {
	for _, id := range n.peers() {
		n.links[id].cut()
	}
	n.away, n.links = true, map[chain.PeerID]*link{}
	n.search++
	n.w.after(n.w.some(2*time.Minute), func() {
		n.away = false
		n.boot(false)
	})
}

// split parts the world, or unites it with one side only.
func (w *world) split(sides int) {
	for _, n := range w.nodes {
		n.side = w.luck.IntN(sides)
	}
	for _, l := range w.links {
		a, _ := l.ends[0].(*simNode)
		b, _ := l.ends[1].(*simNode)
		if a.side != b.side {
			l.cut()
		}
	}
	w.links = slices.DeleteFunc(w.links, func(l *link) bool { return l.dead })
}

// outcome is what became of a world: a digest of everything, the deepest
// reorganization of an honest node and whether there were partitions.
type outcome struct {
	digest     string
	deepest    int64
	partitions bool
}

// simulate plays one world.
func simulate(t *testing.T, seed uint64) outcome {
	w := newWorld(t, seed)
	w.params, w.old, w.keep = simParams(), beginning(), 200
	w.now = time.Unix(w.old[len(w.old)-1].Block.Timestamp, 0)
	for i := range simNodes {
		rate := 0.
		if i < simMiners+simTraitors {
			rate = 2 * simPower / (simMiners + simTraitors) * w.luck.Float64()
		}
		n := w.add(fmt.Sprintf("node-%d", i), false, rate)
		if i < simTraitors {
			n.turn()
		}
		w.after(w.some(5*time.Second), n.dial)
	}
	partitions := seed%2 == 1
	w.trouble(partitions)
	w.split(1)
	w.run(simCalm * w.params.Interval)
	return w.wantOneChain(partitions)
}

// trouble is the time with faults.
func (w *world) trouble(partitions bool) {
	for range simFaulty {
		w.run(w.params.Interval)
		for range 3 {
			if n := w.nodes[w.luck.IntN(simNodes)]; !n.away && w.luck.IntN(3) == 0 {
				n.crash()
			}
		}
		w.nodes[w.luck.IntN(simNodes)].step(chain.Post{Data: fmt.Sprintf("text %d", w.luck.Uint64())})
		if partitions && w.luck.IntN(8) == 0 {
			w.split(1 + w.luck.IntN(3))
		}
		w.wantBounded()
	}
}

func (w *world) honest() []*simNode { return w.nodes[simTraitors:] }

// wantBounded wants no node to hold more than it says that it keeps.
func (w *world) wantBounded() {
	for _, n := range w.honest() {
		if entries, ahead := n.machine.Held(); int64(entries) > 4*w.keep || ahead > 100 {
			w.t.Fatalf("%s holds %d blocks, %d of them headers alone", n.name, entries, ahead)
		}
	}
}

func (w *world) wantOneChain(partitions bool) outcome {
	lowest, highest, deepest := int64(1<<40), int64(0), int64(0)
	digest := sha256.New()
	for _, n := range w.honest() {
		s := n.machine.Status()
		lowest, highest, deepest = min(lowest, s.Height), max(highest, s.Height), max(deepest, n.reorgs)
		fmt.Fprintln(digest, n.name, s.Height, s.Head, n.reorgs, len(n.dropped), len(n.mined))
	}
	if grown := highest - int64(len(w.old)); grown < (simFaulty+simCalm)/3 {
		w.t.Errorf("the chain has grown by %d blocks in %d intervals", grown, simFaulty+simCalm)
	}
	if highest-lowest > simDepth {
		w.t.Errorf("nodes stand from %d to %d", lowest, highest)
	}
	if !partitions && deepest > simReorg {
		w.t.Errorf("a reorganization was %d deep without a partition", deepest)
	}
	first := w.honest()[0].at(lowest - simDepth)
	for _, n := range w.honest() {
		if at := n.at(lowest - simDepth); at.Hash != first.Hash {
			w.t.Errorf("%s has another block %d", n.name, lowest-simDepth)
		}
	}
	w.wantRules(w.honest()[0])
	acts, dropped := w.told()
	if os.Getenv("TOYBLC_SIM_SEED") != "" || w.t.Failed() {
		w.t.Logf("height %d, deepest reorganization %d, partitions %t, %d hostile acts, hostile nodes dropped by %d and honest by %d",
			highest, deepest, partitions, acts, dropped[0], dropped[1])
	}
	if acts < 10*simTraitors || dropped[0] < simNodes {
		w.t.Errorf("%d hostile acts and %d drops, want many", acts, dropped[0])
	}
	return outcome{hex.EncodeToString(digest.Sum(nil)), deepest, partitions}
}

// wantRules judges a node's whole chain anew, by all rules.
func (w *world) wantRules(n *simNode) {
	v, err := block.NewVerifier(w.params)
	if err == nil {
		_, err = v.Add(w.now, n.blocks()[1:]...)
	}
	if err != nil {
		w.t.Errorf("%s: %v", n.name, err)
	}
}

// told counts what the hostile nodes did, and by how many honest nodes the hostile
// and the honest ones were dropped.
func (w *world) told() (acts int, dropped [2]int) {
	for _, n := range w.nodes[:simTraitors] {
		acts += n.traitor.acts
	}
	for _, n := range w.honest() {
		for who := range n.dropped {
			if other, _ := who.(*simNode); other.traitor != nil {
				dropped[0]++
			} else {
				dropped[1]++
			}
		}
	}
	return acts, dropped
}

func (n *simNode) at(height int64) block.Block {
	found, err := n.store.Range(height, 1)
	if err != nil || len(found) == 0 {
		n.w.t.Fatalf("%s has no block %d (%v)", n.name, height, err)
	}
	return found[0].Block
}

// The seeds: TOYBLC_SIM_SEED plays one world again, TOYBLC_SIM_SEEDS so many, and
// TOYBLC_SIM_TIME new ones for so long; without any, one that is always the same.
func TestAHundredNodesWithTraitorsEndWithOneChain(t *testing.T) {
	next, more := simSeeds(t)
	beginning()
	played, deepest := 0, [2]atomic.Int64{}
	for more(played) && !t.Failed() {
		t.Run("", func(t *testing.T) {
			for range min(runtime.GOMAXPROCS(0), 4) {
				seed := next + uint64(played)
				played++
				t.Run(fmt.Sprintf("seed=%d", seed), func(t *testing.T) {
					t.Parallel()
					t.Cleanup(func() {
						if t.Failed() {
							t.Logf("play it again: TOYBLC_SIM_SEED=%d go test -run TestAHundredNodes ./toyblc/chain", seed)
						}
					})
					o := simulate(t, seed)
					of := &deepest[map[bool]int{false: 0, true: 1}[o.partitions]]
					for was := of.Load(); o.deepest > was && !of.CompareAndSwap(was, o.deepest); was = of.Load() {
					}
				})
				if !more(played) {
					return
				}
			}
		})
	}
	t.Logf("%d worlds of %d nodes, %d of them hostile, seeds %d to %d; deepest reorganization without partitions %d, with %d",
		played, simNodes, simTraitors, next, next+uint64(played)-1, deepest[0].Load(), deepest[1].Load())
}

// simSeeds is the first seed, and whether there is another one after so many.
func simSeeds(t *testing.T) (first uint64, more func(played int) bool) {
	t.Helper()
	number := func(name string) uint64 {
		n, err := strconv.ParseUint(os.Getenv(name), 10, 63)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		return n
	}
	upTo := func(n int) func(int) bool { return func(played int) bool { return played < n } }
	switch {
	case os.Getenv("TOYBLC_SIM_SEED") != "":
		return number("TOYBLC_SIM_SEED"), upTo(1)
	case os.Getenv("TOYBLC_SIM_SEEDS") != "":
		return uint64(time.Now().Unix()), upTo(int(number("TOYBLC_SIM_SEEDS")))
	case os.Getenv("TOYBLC_SIM_TIME") != "":
		d, err := time.ParseDuration(os.Getenv("TOYBLC_SIM_TIME"))
		if err != nil {
			t.Fatal(err)
		}
		end := time.Now().Add(d)
		return uint64(time.Now().Unix()), func(played int) bool { return played == 0 || time.Now().Before(end) }
	}
	return 1, upTo(1)
}

func TestASeedPlaysTheSameWorldAgain(t *testing.T) {
	if a, b := simulate(t, 2), simulate(t, 2); a != b {
		t.Fatalf("one world ended as %+v, the other as %+v", a, b)
	}
}
