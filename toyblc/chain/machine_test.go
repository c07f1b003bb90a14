package chain_test

import (
	"crypto/ed25519"
	"slices"
	"strings"
	"testing"
	"time"

	"onex.io/onex/toyblc/block"
	"onex.io/onex/toyblc/chain"
)

// bench is one machine on a table, fed by hand.
type bench struct {
	t   *testing.T
	m   *chain.Machine
	now time.Time
	out []chain.Output // of the last step
	all []chain.Output
}

func newBench(t *testing.T, change func(*chain.Config)) *bench {
	t.Helper()
	cfg := chain.Config{Params: params(), Node: "me"}
	if change != nil {
		change(&cfg)
	}
	m, err := chain.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	b := &bench{t: t, m: m, now: start.Add(time.Hour)}
	b.step(chain.Loaded{})
	return b
}

func (b *bench) step(in chain.Input) {
	b.out = b.m.Step(b.now, in)
	b.all = append(b.all, b.out...)
}

func (b *bench) hear(id chain.PeerID, m chain.Message) {
	b.step(chain.Received{Peer: id, Message: m})
}

// give answers what was asked: headers, and then their data as far as that is
// asked for.
func (b *bench) give(id chain.PeerID, blocks []block.Block, more bool) {
	b.hear(id, headers(blocks, more))
	all := b.out
	for _, o := range b.out {
		s, _ := o.(chain.Send)
		want, ok := s.Message.(chain.WantBodies)
		if !ok || s.Peer != id {
			continue
		}
		b.hear(id, bodies(blocks, want.Hashes))
		all = append(all, b.out...)
	}
	b.out = all
}

// headers are blocks without their data.
func headers(blocks []block.Block, more bool) chain.Headers {
	out := chain.Headers{Headers: slices.Clone(blocks), More: more}
	for i := range out.Headers {
		out.Headers[i].Data = ""
	}
	return out
}

// bodies are the data of those of the blocks that are asked for.
func bodies(blocks []block.Block, asked []block.Hash) (out chain.Bodies) {
	for _, h := range asked {
		for _, b := range blocks {
			if b.Hash == h {
				out.Data = append(out.Data, b.Data)
			}
		}
	}
	return out
}

// meet connects a peer and lets it say hello with a head.
func (b *bench) meet(id chain.PeerID, head chain.Head) {
	b.step(chain.PeerUp{Peer: id})
	b.hear(id, helloOf(head))
}

func helloOf(head chain.Head) chain.Hello {
	return chain.Hello{
		Protocol: chain.Protocol, ChainID: "world", Genesis: block.Genesis(params()).Hash, Node: "other", Head: head,
	}
}

// lots is a claim that nobody else can match.
func lots() chain.Head {
	return chain.Head{Hash: block.Hash{7}, Height: 99, Work: chain.Work{0: 1}}
}

// sent is the last message of a kind in what came out.
func sent[M chain.Message](b *bench) (found M) {
	b.t.Helper()
	ok := false
	for _, o := range b.out {
		if s, send := o.(chain.Send); send {
			if m, is := s.Message.(M); is {
				found, ok = m, true
			}
		}
	}
	if !ok {
		b.t.Fatalf("no %T in %+v", found, b.out)
	}
	return found
}

func one[O chain.Output](b *bench) (found O) {
	b.t.Helper()
	count := 0
	for _, o := range b.out {
		if o, ok := o.(O); ok {
			found = o
			count++
		}
	}
	if count != 1 {
		b.t.Fatalf("%d outputs of type %T in %+v, want one", count, found, b.out)
	}
	return found
}

func none[O chain.Output](b *bench) {
	b.t.Helper()
	for _, o := range b.out {
		if o, ok := o.(O); ok {
			b.t.Fatalf("got %+v, want no such output", o)
		}
	}
}

// grow mines n blocks on top of some, dt seconds apart.
func grow(t testing.TB, on []block.Block, n int, dt int64, who string) []block.Block {
	t.Helper()
	return growWith(t, on, n, dt, who, who)
}

// growWith is grow with other data than the miner's name.
func growWith(t testing.TB, on []block.Block, n int, dt int64, who, data string) []block.Block {
	t.Helper()
	blocks := append([]block.Block(nil), on...)
	for range n {
		past, err := block.NewWindow(blocks[max(0, len(blocks)-block.WindowSize):]...)
		if err != nil {
			t.Fatal(err)
		}
		parent := past.Parent()
		m := chain.Mine{Header: block.Header{
			Version: block.Version, ChainID: "world", Index: parent.Index + 1, PreviousHash: parent.Hash,
			DataRoot: block.DataRoot(data), Timestamp: parent.Timestamp + dt, Target: block.NextTarget(params(), past), Address: who,
		}, Data: data}
		key := ed25519.NewKeyFromSeed([]byte(strings.Repeat("k", 32)))
		copy(m.Header.PublicKey[:], key.Public().(ed25519.PublicKey))
		blocks = append(blocks, solve(m, key))
	}
	return blocks
}

func genesisOnly() []block.Block { return []block.Block{block.Genesis(params())} }

func TestPeersThatBreakTheProtocolAreDropped(t *testing.T) {
	g, good := block.Genesis(params()), grow(t, genesisOnly(), 2, 10, "a")
	weak := grow(t, genesisOnly(), 1, 10, "a")[1]
	weak.Nonce++
	weak.Hash = weak.Header.Hash()
	unsigned := grow(t, genesisOnly(), 1, 10, "a")[1]
	unsigned.Signature[0] ^= 1
	hello := func(change func(*chain.Hello)) chain.Hello {
		h := helloOf(lots())
		change(&h)
		return h
	}
	for _, r := range []struct {
		name string
		says []chain.Message
		want chain.Reason
	}{
		{"itself", []chain.Message{hello(func(h *chain.Hello) { h.Node = "me" })}, chain.Itself},
		{"another protocol", []chain.Message{hello(func(h *chain.Hello) { h.Protocol++ })}, chain.OtherProtocol},
		{"another genesis", []chain.Message{hello(func(h *chain.Hello) { h.Genesis[0]++ })}, chain.OtherChain},
		{"something before hello", []chain.Message{chain.Data{Data: "x"}}, chain.NoHello},
		{"hello twice", []chain.Message{helloOf(lots()), helloOf(lots())}, chain.Repeated},
		{"headers that nobody wanted", []chain.Message{helloOf(chain.Head{}), chain.Headers{}}, chain.Unasked},
		{"data that nobody wanted", []chain.Message{helloOf(chain.Head{}), chain.Bodies{}}, chain.Unasked},
		{"an answer given twice", []chain.Message{helloOf(chain.Head{}), chain.Head{Work: chain.Work{0: 1}}, chain.Headers{}, chain.Headers{}}, chain.Unasked},
		{"too much data", []chain.Message{helloOf(lots()), headers(good[1:], true), chain.Bodies{Data: make([]string, 3)}}, chain.Oversized},
		{"other data than the header covers", []chain.Message{helloOf(lots()), headers(good[1:], true), chain.Bodies{Data: []string{"a", "b"}}}, chain.Reason(block.WrongDataRoot)},
		{"too long a question for data", []chain.Message{helloOf(lots()), chain.WantBodies{Hashes: make([]block.Hash, chain.MaxBatch+1)}}, chain.Oversized},
		{"too many headers", []chain.Message{helloOf(lots()), chain.Headers{Headers: make([]block.Block, chain.MaxBatch+1)}}, chain.Oversized},
		{"too long a question", []chain.Message{helloOf(lots()), chain.Want{Locator: make([]block.Hash, chain.MaxLocator+1)}}, chain.Oversized},
		{"headers from nowhere", []chain.Message{helloOf(lots()), chain.Headers{Headers: []block.Block{{Header: block.Header{PreviousHash: block.Hash{9}}}}}}, chain.Unlinked},
		{"a block without work", []chain.Message{helloOf(lots()), chain.Headers{Headers: []block.Block{weak}}}, chain.Reason(block.WeakProof)},
		{"a block that nobody signed", []chain.Message{helloOf(lots()), chain.Headers{Headers: []block.Block{unsigned}}}, chain.Reason(block.BadSignature)},
		{"a block of another chain", []chain.Message{helloOf(lots()), chain.Headers{Headers: []block.Block{{Header: block.Header{Version: 1, PreviousHash: g.Hash}}}}}, chain.Reason(block.WrongChain)},
		{"too large a text", []chain.Message{helloOf(lots()), chain.Data{Data: strings.Repeat("x", block.MaxData+1)}}, chain.TooLarge},
		{"a text that is none", []chain.Message{helloOf(lots()), chain.Data{Data: "\xff"}}, chain.NotText},
	} {
		t.Run(r.name, func(t *testing.T) {
			b := newBench(t, nil)
			b.step(chain.PeerUp{Peer: 1})
			for _, m := range r.says {
				b.hear(1, m)
			}
			if got := one[chain.Drop](b); got.Reason != r.want || got.Detail == "" {
				t.Fatalf("dropped for %q (%s), want %q", got.Reason, got.Detail, r.want)
			}
			b.hear(1, helloOf(lots()))
			if len(b.out) > 0 {
				t.Fatalf("a late message of a dropped peer caused %+v", b.out)
			}
		})
	}
}

func TestAMisconfiguredPeerMayComeBackAtOnceAHostileOneMayNot(t *testing.T) {
	b := newBench(t, nil)
	h := helloOf(lots())
	h.Genesis[0]++
	b.step(chain.PeerUp{Peer: 1})
	b.hear(1, h)
	if got := one[chain.Drop](b); got.Ban != 0 {
		t.Fatalf("banned for %s", got.Ban)
	}
	b.meet(2, lots())
	b.hear(2, chain.Want{Locator: make([]block.Hash, chain.MaxLocator+1)})
	if got := one[chain.Drop](b); got.Ban < time.Minute {
		t.Fatalf("banned for %s, want minutes", got.Ban)
	}
}

func TestPeersThatKeepUsWaitingAreDropped(t *testing.T) {
	b := newBench(t, nil)
	b.step(chain.PeerUp{Peer: 1})
	b.now = b.now.Add(9 * time.Second)
	b.step(chain.Tick{})
	none[chain.Drop](b)
	b.now = b.now.Add(2 * time.Second)
	b.step(chain.Tick{})
	if got := one[chain.Drop](b); got.Reason != chain.NoHello {
		t.Fatalf("dropped for %q, want NoHello", got.Reason)
	}
	b.meet(2, lots())
	b.now = b.now.Add(21 * time.Second)
	b.step(chain.Tick{})
	if got := one[chain.Drop](b); got.Reason != chain.Silent {
		t.Fatalf("dropped for %q, want Silent", got.Reason)
	}
}

func TestClaimsWithoutBlocksEndTheConnectionAtTheThirdTime(t *testing.T) {
	b := newBench(t, nil)
	b.meet(1, lots())
	for range 2 {
		one[chain.Send](b)
		b.hear(1, chain.Headers{})
		none[chain.Drop](b)
		b.hear(1, lots())
	}
	b.hear(1, chain.Headers{})
	if got := one[chain.Drop](b); got.Reason != chain.EmptyPromise {
		t.Fatalf("dropped for %q, want EmptyPromise", got.Reason)
	}
}

func TestABlockFromTheFutureWaitsAndItsSenderIsNotDropped(t *testing.T) {
	b := newBench(t, nil)
	early := grow(t, genesisOnly(), 1, 10, "a")
	b.now = start.Add(-200 * time.Second)
	b.meet(1, lots())
	b.give(1, early[1:], false)
	none[chain.Drop](b)
	none[chain.Store](b)
	b.now = start
	b.hear(1, lots())
	b.give(1, early[1:], false)
	if got := one[chain.Store](b); len(got.Main) != 1 {
		t.Fatalf("stored %+v, want the block now that its time is near", got)
	}
}

func TestForkChoice(t *testing.T) {
	// Blocks 1 and 2 carry the genesis target, so that equal length is equal work.
	a, c := grow(t, genesisOnly(), 2, 10, "a"), grow(t, genesisOnly(), 2, 10, "c")
	longer := grow(t, c, 1, 10, "c")
	b := newBench(t, nil)
	b.meet(1, lots())
	b.give(1, a[1:], true)
	if got := one[chain.Store](b); got.From != 1 || len(got.Main) != 2 {
		t.Fatalf("stored %+v, want two blocks on the main chain from 1", got)
	}
	b.hear(1, lots())
	b.give(1, c[1:], true)
	none[chain.Store](b) // the first seen stays, and nobody asks for the data of the other
	none[chain.Reorged](b)
	b.hear(1, lots())
	b.give(1, c[1:], true)
	none[chain.Store](b)
	b.hear(1, lots())
	b.give(1, longer[1:], false)
	if got := one[chain.Store](b); got.From != 1 || len(got.Add) != 3 || len(got.Main) != 3 {
		t.Fatalf("stored %+v, want three new blocks on the main chain from 1", got)
	}
	if got := one[chain.Reorged](b); got.Depth != 2 {
		t.Fatalf("reorganized %d deep, want 2", got.Depth)
	}
}

// Else a side branch longer than one answer would be fetched from its root for
// ever.
func TestTheNextQuestionBeginsWhereTheLastAnswerEnded(t *testing.T) {
	main, side := grow(t, genesisOnly(), 4, 10, "a"), grow(t, genesisOnly(), 2, 10, "side")
	b := newBench(t, nil)
	b.meet(1, lots())
	b.give(1, main[1:], true)
	b.give(1, side[1:2], true)
	b.hear(1, lots())
	b.give(1, side[2:], true)
	want := sent[chain.Want](b)
	if want.Locator[0] != side[2].Hash || want.Locator[1] != main[4].Hash {
		t.Fatalf("asked %+v, want to begin after the side branch's last block", want)
	}
}

func TestANodeAsksOnePeerAtATimeAndTheOneWithMostWork(t *testing.T) {
	b := newBench(t, nil)
	b.step(chain.PeerUp{Peer: 1})
	b.step(chain.PeerUp{Peer: 2})
	b.hear(1, helloOf(lots()))
	if got := one[chain.Send](b); got.Peer != 1 {
		t.Fatalf("asked %d, want 1", got.Peer)
	}
	more := lots()
	more.Work[0] = 2
	b.hear(2, helloOf(more))
	none[chain.Send](b)
	b.step(chain.PeerDown{Peer: 1})
	if got := one[chain.Send](b); got.Peer != 2 {
		t.Fatalf("asked %d, want 2 after 1 has gone", got.Peer)
	}
}

func TestNewsGoToThoseWhoDoNotHaveThem(t *testing.T) {
	blocks := grow(t, genesisOnly(), 1, 10, "a")
	b := newBench(t, nil)
	b.meet(1, chain.Head{})
	b.meet(2, lots())
	b.step(chain.PeerUp{Peer: 3}) // has not said hello yet
	b.give(2, blocks[1:], true)
	told := map[chain.PeerID]bool{}
	for _, o := range b.out {
		if s, ok := o.(chain.Send); ok {
			if head, ok := s.Message.(chain.Head); ok && head.Height == 1 {
				told[s.Peer] = true
			}
		}
	}
	if len(told) != 1 || !told[1] {
		t.Fatalf("told %v, want only 1", told)
	}
	b.hear(3, helloOf(chain.Head{}))
	if got, ok := one[chain.Send](b).Message.(chain.Head); !ok || got.Height != 1 {
		t.Fatalf("peer 3 is told %+v, want what it missed between the two hellos", b.out)
	}
}
