package chain_test

import (
	"strings"

	"onex.io/onex/toyblc/block"
	"onex.io/onex/toyblc/chain"
)

// hostile knows the chain's genesis and lies about everything else. Each time
// it is dropped it comes back with its next trick.
type hostile struct {
	w      *world
	victim actor
	link   *link
	id     chain.PeerID
	trick  int
	heard  []block.Block // of the victim's chain, to forge from
}

const tricks = 7

func (h *hostile) attack() { h.w.connect(h, h.victim) }

func (h *hostile) up(l *link, id chain.PeerID) {
	h.link, h.id = l, id
	head := chain.Head{Hash: block.Hash{1}, Height: 1 << 40, Work: chain.Work{0: 0xff}}
	hello := chain.Hello{
		Protocol: chain.Protocol, ChainID: "world", Genesis: block.Genesis(params()).Hash,
		Node: "hostile", Head: head,
	}
	if h.trick%tricks == 6 {
		hello.Genesis[0] ^= 1
	}
	l.send(id, hello)
	switch h.trick % tricks {
	case 0:
		l.send(id, chain.Headers{Headers: h.forged()})
		l.send(id, chain.Headers{Headers: h.forged()})
	case 1:
		for range 2000 {
			l.send(id, chain.Head{Hash: block.Hash{1}, Work: chain.Work{0: 0xff}})
		}
	case 2:
		l.send(id, chain.Data{Data: strings.Repeat("x", block.MaxData+1)})
	case 3:
		l.send(id, chain.Want{Locator: make([]block.Hash, chain.MaxLocator+1)})
	}
}

func (h *hostile) down(chain.PeerID) {
	h.trick++
	h.attack()
}

func (h *hostile) hear(id chain.PeerID, m chain.Message) {
	switch m := m.(type) {
	case chain.Want:
		h.answer(id)
	case chain.Head:
		h.link.send(id, chain.Want{Locator: []block.Hash{block.Genesis(params()).Hash}})
	case chain.Headers:
		h.heard = m.Headers
	}
}

// answer says nothing (trick 4: let them wait), claims without showing (trick
// 5), or forges.
func (h *hostile) answer(id chain.PeerID) {
	switch h.trick % tricks {
	case 4:
	case 5:
		h.link.send(id, chain.Headers{More: true})
		h.link.send(id, chain.Head{Hash: block.Hash{1}, Work: chain.Work{0: 0xff}})
	default:
		h.link.send(id, chain.Headers{Headers: h.forged()})
	}
}

// forged takes over a block of somebody else, or makes one without work.
func (h *hostile) forged() []block.Block {
	g := block.Genesis(params())
	b := block.Block{Header: g.Header}
	if len(h.heard) > 0 {
		b = h.heard[0]
	}
	b.Index, b.PreviousHash, b.Address = 1, g.Hash, "hostile"
	b.Hash = b.Header.Hash()
	return []block.Block{b}
}
