package chain_test

import (
	"testing"
	"time"

	"onex.io/onex/toyblc/block"
	"onex.io/onex/toyblc/chain"
	"onex.io/onex/toyblc/store"
)

// FuzzPeer lets a stranger say whatever it likes: a byte names a message, the next
// one what is wrong with it. It may be dropped; what the node keeps stays a chain
// that keeps the rules, and the machine and its store agree on it.
func FuzzPeer(f *testing.F) {
	s := stranger{long: grow(f, genesisOnly(), 4, 10, "a"), fork: grow(f, genesisOnly(), 2, 7, "b")}
	f.Add([]byte{0, 0, 3, 0, 5, 0, 6, 0})
	f.Add([]byte{0, 0, 4, 4, 3, 1, 2, 0, 3, 2})
	f.Add([]byte{0, 3, 7, 30, 5, 9})
	f.Add([]byte{0, 0, 3, 0, 7, 7, 1, 0, 4, 1, 7, 4})
	f.Add([]byte{0, 0, 3, 2, 9, 0, 7, 0, 8, 200})
	f.Fuzz(func(t *testing.T, script []byte) {
		h := &harassed{t: t, kept: store.NewMemory(), now: start.Add(time.Hour)}
		m, err := chain.New(chain.Config{Params: params(), Node: "me", Miner: &chain.Miner{Address: "me"}})
		if err != nil {
			t.Fatal(err)
		}
		h.machine = m
		h.step(chain.Loaded{})
		h.step(chain.PeerUp{Peer: 1})
		for i := 0; i+1 < len(script) && !h.dropped; i += 2 {
			h.step(s.input(script[i], script[i+1]))
			h.now = h.now.Add(time.Second)
		}
		h.wantRules()
	})
}

// stranger knows two branches of the chain and how to spoil them.
type stranger struct{ long, fork []block.Block }

func (s stranger) input(what, how byte) chain.Input {
	said := func(m chain.Message) chain.Input { return chain.Received{Peer: 1, Message: m} }
	honest := chain.Head{Hash: s.long[4].Hash, Height: 4, Work: withWork(s.long)[4].Work}
	switch what % 10 {
	case 0:
		return said(helloOf([]chain.Head{honest, lots(), {}}[how%3]))
	case 1:
		return said([]chain.Head{honest, lots(), {}}[how%3])
	case 2:
		return said(chain.Want{Locator: make([]block.Hash, int(how))})
	case 3:
		return said(chain.Headers{Headers: s.spoiled(s.long, how), More: how%2 == 1})
	case 4:
		return said(chain.Headers{Headers: s.spoiled(s.fork, how), More: how%2 == 1})
	case 5:
		return said(chain.Data{Data: string([]byte{'t', 'e', 'a', how})})
	case 6:
		return chain.Post{Data: string([]byte{'t', 'e', 'a', how})}
	case 7:
		return said(s.data(how))
	case 8:
		return said(chain.WantBodies{Hashes: make([]block.Hash, 3*int(how))})
	}
	return chain.Tick{}
}

// data is an answer to a question for the data of both branches, with something wrong.
func (s stranger) data(how byte) chain.Bodies {
	return chain.Bodies{Data: [][]string{nil, {"a"}, {"b"}, {"a", "a"}, {"b", "b"}, {"a", "x"}, make([]string, 600), {"a", "a", "a", "a"}}[how%8]}
}

// spoiled is a branch from some block on, with something wrong in the block after.
func (s stranger) spoiled(branch []block.Block, how byte) []block.Block {
	out := append([]block.Block(nil), branch[1+int(how>>1)%2:]...)
	b := &out[len(out)-1]
	switch how >> 2 {
	case 1:
		b.Index++
	case 2:
		b.PreviousHash[0]++
	case 3:
		b.Nonce++
	case 4:
		b.Nonce++
		b.Hash = b.Header.Hash()
	case 5:
		b.Target = block.MaxTarget()
		b.Hash = b.Header.Hash()
	case 6:
		b.Timestamp += 1 << 40
	case 7:
		b.Signature[0]++
	case 8:
		b.Data += "."
	case 9:
		b.Address = ""
	case 10:
		return nil
	case 11:
		return append(out, make([]block.Block, chain.MaxBatch)...)
	}
	return out
}

// harassed is a node, its store, and what it made of the stranger.
type harassed struct {
	t       *testing.T
	machine *chain.Machine
	kept    *store.Memory
	now     time.Time
	dropped bool
}

func (h *harassed) step(in chain.Input) {
	h.t.Helper()
	for _, o := range h.machine.Step(h.now, in) {
		switch o := o.(type) {
		case chain.Store:
			if err := h.kept.Apply(o); err != nil {
				h.t.Fatal(err)
			}
		case chain.Drop:
			h.dropped = true
		case chain.Corrupt:
			h.t.Fatal(o.Err)
		}
	}
}

func (h *harassed) wantRules() {
	h.t.Helper()
	blocks, err := h.kept.Range(0, 1000)
	if err != nil {
		h.t.Fatal(err)
	}
	v, err := block.NewVerifier(params())
	if err != nil {
		h.t.Fatal(err)
	}
	for _, s := range blocks[1:] {
		if _, err := v.Add(h.now, s.Block); err != nil {
			h.t.Fatal(err)
		}
	}
	if s := h.machine.Status(); s.Head != v.Head().Hash || s.Height != v.Head().Index {
		h.t.Fatalf("the machine stands at %d %s, the store at %d %s", s.Height, s.Head, v.Head().Index, v.Head().Hash)
	}
}
