package chain_test

import (
	"bytes"
	"container/heap"
	"crypto/ed25519"
	"math/big"
	"math/rand/v2"
	"testing"
	"time"

	"onex.io/onex/toyblc/block"
	"onex.io/onex/toyblc/chain"
	"onex.io/onex/toyblc/store"
)

var start = time.Unix(1_800_000_000, 0)

func params() block.Params {
	return block.Params{ChainID: "world", Time: start, Interval: time.Second}
}

// world is a network in virtual time: every message, nonce search and tick is
// an event in one queue, and one seeded source decides all luck.
type world struct {
	t      *testing.T
	params block.Params
	luck   *rand.Rand
	now    time.Time
	queue  events
	seq    int
	nodes  []*simNode
	links  []*link
	keep   int64          // of a node's memory, in blocks
	old    []chain.Stored // what every store begins with; nothing for genesis alone

	signed map[signature]bool // verdicts that all nodes share
}

// signature is what a verdict depends on; the hash covers the key.
type signature struct {
	hash block.Hash
	sign block.Signature
}

// signatures checks each signature once for all nodes of the world.
func (w *world) signatures(blocks []block.Block) (good int, err error) {
	for i, b := range blocks {
		s := signature{b.Hash, b.Signature}
		if w.signed[s] {
			continue
		}
		if err := block.CheckSignature(b); err != nil {
			return i, err
		}
		w.signed[s] = true
	}
	return len(blocks), nil
}

type event struct {
	at  time.Time
	seq int
	do  func()
}

type events []event

func (q events) Len() int { return len(q) }
func (q events) Less(i, j int) bool {
	return q[i].at.Before(q[j].at) || q[i].at.Equal(q[j].at) && q[i].seq < q[j].seq
}
func (q events) Swap(i, j int) { q[i], q[j] = q[j], q[i] }
func (q *events) Push(e any)   { *q = append(*q, e.(event)) }
func (q *events) Pop() any {
	old := *q
	e := old[len(old)-1]
	*q = old[:len(old)-1]
	return e
}

func newWorld(t *testing.T, seed uint64) *world {
	return &world{
		t: t, params: params(), luck: rand.New(rand.NewPCG(seed, 7)), now: start.Add(time.Hour), keep: 300, signed: map[signature]bool{},
	}
}

func (w *world) after(d time.Duration, do func()) {
	w.seq++
	heap.Push(&w.queue, event{at: w.now.Add(d), seq: w.seq, do: do})
}

// run lets virtual time pass.
func (w *world) run(d time.Duration) {
	end := w.now.Add(d)
	for len(w.queue) > 0 && !w.queue[0].at.After(end) {
		e := heap.Pop(&w.queue).(event)
		w.now = e.at
		e.do()
	}
	w.now = end
}

// actor is one end of a link: a node, or somebody hostile.
type actor interface {
	up(l *link, id chain.PeerID)
	down(id chain.PeerID)
	hear(id chain.PeerID, m chain.Message)
}

// link joins two actors until one of them drops the other.
type link struct {
	w      *world
	ends   [2]actor
	ids    [2]chain.PeerID
	arrive [2]time.Time // of the last message to each end: a link keeps order
	slow   time.Duration
	dead   bool
}

func (w *world) connect(a, b actor) *link {
	l := &link{w: w, ends: [2]actor{a, b}}
	w.links = append(w.links, l)
	for i := range l.ends {
		w.seq++
		l.ids[i] = chain.PeerID(w.seq)
	}
	for i, e := range l.ends {
		e.up(l, l.ids[i])
	}
	return l
}

func (l *link) send(from chain.PeerID, m chain.Message) {
	to := 1
	if from == l.ids[1] {
		to = 0
	}
	at := l.w.now.Add(l.slow + 20*time.Millisecond + time.Duration(l.w.luck.IntN(180))*time.Millisecond)
	if at.Before(l.arrive[to]) {
		at = l.arrive[to]
	}
	l.arrive[to] = at
	l.w.after(at.Sub(l.w.now), func() {
		if !l.dead {
			l.ends[to].hear(l.ids[to], m)
		}
	})
}

// cut ends a link; both ends learn of it a little later.
func (l *link) cut() {
	if l.dead {
		return
	}
	l.dead = true
	for i, e := range l.ends {
		l.w.after(50*time.Millisecond, func() { e.down(l.ids[i]) })
	}
}

// simNode is a node with its edges: a store in memory and a miner made of luck.
type simNode struct {
	w       *world
	name    string
	machine *chain.Machine
	store   *store.Memory
	links   map[chain.PeerID]*link
	key     ed25519.PrivateKey
	rate    float64 // hashes per virtual second
	search  int     // number of the newest Mine
	work    chain.Mine
	mined   []block.Hash
	reorgs  int64
	dropped map[actor]chain.Reason
	answers []chain.Output
	live
}

// live is the part of a node that a simulation with faults uses.
type live struct {
	away    bool // the process is away
	side    int  // of a partition
	banned  map[actor]time.Time
	traitor *traitor
}

func (w *world) add(name string, alone bool, rate float64) *simNode {
	n := &simNode{
		w: w, name: name, store: store.NewMemory(), links: map[chain.PeerID]*link{},
		key: ed25519FromName(name), rate: rate, dropped: map[actor]chain.Reason{},
	}
	w.nodes = append(w.nodes, n)
	if len(w.old) > 0 {
		n.do(chain.Store{Add: w.old, Main: hashesOf(w.old)})
	}
	n.boot(alone)
	n.w.after(time.Duration(w.luck.IntN(1000))*time.Millisecond, n.tick)
	return n
}

func ed25519FromName(name string) ed25519.PrivateKey {
	return ed25519.NewKeyFromSeed(append([]byte(name), bytes.Repeat([]byte{0}, ed25519.SeedSize)...)[:ed25519.SeedSize])
}

// boot starts the machine from the store, as after a crash.
func (n *simNode) boot(alone bool) {
	cfg := chain.Config{Params: n.w.params, Node: n.name, Alone: alone, Keep: n.w.keep, Signatures: n.w.signatures}
	if n.rate > 0 {
		cfg.Miner = &chain.Miner{Address: n.name}
		copy(cfg.Miner.Key[:], n.key.Public().(ed25519.PublicKey))
	}
	machine, err := chain.New(cfg)
	if err != nil {
		n.w.t.Fatal(err)
	}
	n.machine = machine
	if err := store.Load(n.store, n.w.keep, func(l chain.Loaded) error { n.step(l); return nil }); err != nil {
		n.w.t.Fatal(err)
	}
}

func (n *simNode) tick() {
	n.step(chain.Tick{})
	n.w.after(time.Second, n.tick)
}

func (n *simNode) up(l *link, id chain.PeerID) {
	n.links[id] = l
	n.step(chain.PeerUp{Peer: id})
}

func (n *simNode) down(id chain.PeerID) {
	delete(n.links, id)
	n.step(chain.PeerDown{Peer: id})
}

func (n *simNode) hear(id chain.PeerID, m chain.Message) {
	n.step(chain.Received{Peer: id, Message: m})
}

func (n *simNode) step(in chain.Input) {
	if n.away {
		return
	}
	for _, o := range n.machine.Step(n.w.now, in) {
		n.do(o)
	}
}

func (n *simNode) do(o chain.Output) {
	switch o := o.(type) {
	case chain.Send:
		n.send(o.Peer, o.Message)
	case chain.Serve:
		if n.traitor.lies(o) {
			return
		}
		headers, err := store.ServeHeaders(n.store, o.Locator)
		if err != nil {
			n.w.t.Fatal(err)
		}
		n.send(o.Peer, headers)
	case chain.ServeBodies:
		if n.traitor.withholds(o) {
			return
		}
		bodies, err := store.ServeBodies(n.store, o.Hashes)
		if err != nil {
			n.w.t.Fatal(err)
		}
		n.send(o.Peer, bodies)
	case chain.Store:
		if err := n.store.Apply(o); err != nil {
			n.w.t.Fatalf("%s: %v", n.name, err)
		}
	case chain.Drop:
		l := n.links[o.Peer]
		for _, e := range l.ends {
			if e != actor(n) {
				n.dropped[e] = o.Reason
				n.ban(e, o)
			}
		}
		l.cut()
	default:
		n.note(o)
	}
}

func (n *simNode) note(o chain.Output) {
	switch o := o.(type) {
	case chain.Mine:
		n.seek(o)
	case chain.Rest:
		n.search++
	case chain.Mined:
		n.mined = append(n.mined, o.Block.Hash)
	case chain.Reorged:
		n.reorgs = max(n.reorgs, o.Depth)
	case chain.Corrupt:
		n.w.t.Fatalf("%s: %v", n.name, o.Err)
	case chain.Taken, chain.Refused:
		n.answers = append(n.answers, o)
	}
}

func (n *simNode) send(id chain.PeerID, m chain.Message) {
	if l := n.links[id]; l != nil && !l.dead {
		l.send(id, m)
	}
}

// seek draws when this search would succeed, and really solves it then.
func (n *simNode) seek(m chain.Mine) {
	n.search++
	n.work = m
	mine := n.search
	if n.rate <= 0 {
		return
	}
	hashes, _ := new(big.Float).SetInt(block.ExpectedHashes(m.Header.Target)).Float64()
	n.w.after(time.Duration(n.w.luck.ExpFloat64()*hashes/n.rate*float64(time.Second)), func() {
		if n.search == mine && n.rate > 0 && !n.traitor.finds(m) {
			n.step(chain.Solved{Block: solve(m, n.key)})
		}
	})
}

func solve(m chain.Mine, key ed25519.PrivateKey) block.Block {
	puzzle := block.NewPuzzle(m.Header)
	for nonce := uint64(0); ; nonce++ {
		if puzzle.Try(nonce) {
			return block.Seal(puzzle.Solved(nonce), m.Data, key)
		}
	}
}

// rest stops all miners, the last one a little later since two blocks found
// at once are a tie that only a third resolves. It lets messages settle and
// wants one chain everywhere, which keeps the rules from genesis on.
func (w *world) rest() []block.Block {
	w.t.Helper()
	var last *simNode
	for _, n := range w.nodes {
		if n.rate > 0 && last == nil {
			last = n
			continue
		}
		n.rate = 0
	}
	w.run(time.Minute)
	last.rate = 0
	w.run(time.Minute)
	want := w.nodes[0].blocks()
	for _, n := range w.nodes {
		got := n.blocks()
		if got[len(got)-1] != want[len(want)-1] || len(got) != len(want) {
			w.t.Fatalf("%s ends at %d %s, %s at %d %s", n.name, len(got)-1, got[len(got)-1].Hash,
				w.nodes[0].name, len(want)-1, want[len(want)-1].Hash)
		}
		if s := n.machine.Status(); s.Head != want[len(want)-1].Hash {
			w.t.Fatalf("%s: the machine's head %s is not the store's %s", n.name, s.Head, want[len(want)-1].Hash)
		}
	}
	v, err := block.NewVerifier(w.params)
	if err != nil {
		w.t.Fatal(err)
	}
	if _, err := v.Add(w.now, want[1:]...); err != nil {
		w.t.Fatal(err)
	}
	return want
}

func (n *simNode) blocks() []block.Block {
	var out []block.Block
	for {
		part, err := n.store.Range(int64(len(out)), 1000)
		if err != nil {
			n.w.t.Fatal(err)
		}
		if len(part) == 0 {
			return out
		}
		for _, s := range part {
			out = append(out, s.Block)
		}
	}
}
