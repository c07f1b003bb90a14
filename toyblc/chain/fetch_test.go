package chain_test

import (
	"strings"
	"testing"
	"time"

	"onex.io/onex/toyblc/block"
	"onex.io/onex/toyblc/chain"
)

// asked is who is asked for the data of how many blocks in what came out.
func asked(b *bench) map[chain.PeerID][]block.Hash {
	out := map[chain.PeerID][]block.Hash{}
	for _, o := range b.out {
		if s, ok := o.(chain.Send); ok {
			if w, ok := s.Message.(chain.WantBodies); ok {
				out[s.Peer] = append(out[s.Peer], w.Hashes...)
			}
		}
	}
	return out
}

// threePeers claim the same branch, of which one shows the headers.
func threePeers(t *testing.T, blocks []block.Block) *bench {
	t.Helper()
	b := newBench(t, nil)
	last := withWork(blocks)[len(blocks)-1]
	head := chain.Head{Hash: last.Block.Hash, Height: last.Block.Index, Work: last.Work}
	for id := chain.PeerID(1); id <= 3; id++ {
		b.meet(id, head)
	}
	return b
}

func TestDataIsFetchedFromSeveralPeersWhereItComesInAnyOrder(t *testing.T) {
	blocks := grow(t, genesisOnly(), 6, 10, "a")
	b := threePeers(t, blocks)
	questions := map[chain.PeerID][]block.Hash{}
	for i := 1; i <= 5; i += 2 {
		b.hear(1, headers(blocks[i:i+2], i < 5))
		for id, hashes := range asked(b) {
			questions[id] = append(questions[id], hashes...)
		}
	}
	for id := chain.PeerID(3); id >= 1; id-- {
		if len(questions[id]) != 2 {
			t.Fatalf("asked %v, want each peer for two blocks", questions)
		}
		none[chain.Store](b)
		b.hear(id, bodies(blocks, questions[id]))
	}
	if got := one[chain.Store](b); got.From != 1 || len(got.Main) != 6 {
		t.Fatalf("stored %+v, want six blocks at once when the first has come", got)
	}
}

func TestWhatIsMissingIsAskedOfOthersWhenAPeerGoesOrIsSlow(t *testing.T) {
	blocks := grow(t, genesisOnly(), 4, 10, "a")
	for _, r := range []struct {
		name  string
		event func(*bench)
	}{
		{"it goes", func(b *bench) { b.step(chain.PeerDown{Peer: 1}) }},
		{"it is slow", func(b *bench) { b.now = b.now.Add(4 * time.Second); b.step(chain.Tick{}) }},
		{"it has nothing", func(b *bench) { b.hear(1, chain.Bodies{}) }},
		{"it lies", func(b *bench) { b.hear(1, chain.Bodies{Data: []string{"other"}}) }},
	} {
		t.Run(r.name, func(t *testing.T) {
			b := threePeers(t, blocks)
			b.hear(1, headers(blocks[1:], false))
			if got := asked(b); len(got) != 1 || len(got[1]) != 4 {
				t.Fatalf("asked %v, want peer 1 for all", got)
			}
			r.event(b)
			again := asked(b)
			if len(again[2]) != 4 {
				t.Fatalf("asked %v, want peer 2 for all", again)
			}
			b.hear(2, bodies(blocks, again[2]))
			if got := b.m.Status().Height; got != 4 {
				t.Fatalf("height is %d, want 4", got)
			}
		})
	}
}

func TestAnAnswerThatEndsEarlyIsAskedOnAndWaitsInOrder(t *testing.T) {
	blocks := grow(t, genesisOnly(), 5, 10, "a")
	b := threePeers(t, blocks)
	b.hear(1, headers(blocks[1:], false))
	b.hear(1, chain.Bodies{Data: []string{"a", "a"}})
	if got := one[chain.Store](b); len(got.Main) != 2 {
		t.Fatalf("stored %d blocks, want two", len(got.Main))
	}
	rest := asked(b)
	if len(rest) != 1 {
		t.Fatalf("asked %v, want one peer for the rest", rest)
	}
	for id, hashes := range rest {
		b.hear(id, bodies(blocks, hashes))
	}
	if got := b.m.Status().Height; got != 5 {
		t.Fatalf("height is %d, want 5", got)
	}
}

func TestBlocksWithoutDataAreWholeWithTheirHeaders(t *testing.T) {
	blocks := growWith(t, genesisOnly(), 3, 10, "a", "")
	b := threePeers(t, blocks)
	b.hear(1, headers(blocks[1:], false))
	if got := one[chain.Store](b); len(got.Main) != 3 || len(asked(b)) != 0 {
		t.Fatalf("stored %d blocks and asked %v, want three and nobody", len(got.Main), asked(b))
	}
}

func TestHeadersWhoseDataNeverComesAreForgotten(t *testing.T) {
	blocks := grow(t, genesisOnly(), 3, 10, "a")
	b := threePeers(t, blocks)
	b.hear(1, headers(blocks[1:], false))
	for id := chain.PeerID(1); id <= 3; id++ {
		b.step(chain.PeerDown{Peer: id})
	}
	if _, ahead := b.m.Held(); ahead != 3 {
		t.Fatalf("%d headers wait, want three", ahead)
	}
	b.now = b.now.Add(2 * time.Minute)
	b.step(chain.Tick{})
	if entries, ahead := b.m.Held(); entries != 1 || ahead != 0 {
		t.Fatalf("%d blocks are held, %d of them headers, want genesis alone", entries, ahead)
	}
}

func TestOneBlockCarriesAllTheTextsThatHaveRoom(t *testing.T) {
	b := newBench(t, func(c *chain.Config) { c.Alone, c.Miner = true, &chain.Miner{Address: "me"} })
	large := strings.Repeat("x", block.MaxData-8)
	for _, text := range []string{"tea", "milk", large} {
		b.step(chain.Post{Data: text})
	}
	var m chain.Mine
	for _, o := range b.all {
		if o, ok := o.(chain.Mine); ok {
			m = o
		}
	}
	if got := m.Data; got != "tea"+block.Separator+"milk" {
		t.Fatalf("the next block carries %.40q, want tea and milk", got)
	}
	b.step(chain.Post{Data: "two" + block.Separator + "texts"})
	if got := one[chain.Refused](b); got.Reason != chain.NotText {
		t.Fatalf("refused for %q, want DataNotText", got.Reason)
	}
}
