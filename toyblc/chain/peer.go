package chain

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"

	"onex.io/onex/toyblc/block"
)

// peer is what is known of one connection.
type peer struct {
	id      PeerID
	since   time.Time
	greeted bool
	claim   Head      // what the peer says its chain is
	told    Work      // of our last Hello or Head to it
	asked   time.Time // of the Want that is not answered yet; else zero
	cursor  *entry    // the last block that it showed the header of
	strikes int
	proven  bool // has given data that it was asked for

	questions []question // for data, not answered yet, oldest first
	barren    bool       // had none of what others showed; until its next claim

	window   time.Time // flood control
	messages int
}

// flooding counts a message and reports whether it is one too many.
func (p *peer) flooding(now time.Time) bool {
	if now.Sub(p.window) >= floodWindow {
		p.window, p.messages = now, 0
	}
	p.messages++
	return p.messages > floodLimit
}

// peersInOrder lists the peers by id, so that nothing depends on map order. Who
// reads the list may drop peers meanwhile.
func (m *Machine) peersInOrder() []*peer {
	if m.ordered == nil {
		m.ordered = slices.SortedFunc(maps.Values(m.peers), func(a, b *peer) int { return cmp.Compare(a.id, b.id) })
	}
	return m.ordered
}

func (m *Machine) peerDown(id PeerID) {
	if p := m.peers[id]; p != nil {
		m.leave(p)
	}
}

// leave forgets a peer; others are asked what it was asked.
func (m *Machine) leave(p *peer) {
	delete(m.peers, p.id)
	m.ordered = nil
	for _, q := range p.questions {
		release(q.blocks)
	}
}

func (m *Machine) peerUp(id PeerID) {
	m.peers[id] = &peer{id: id, since: m.now, window: m.now, told: m.index.head().work}
	m.ordered = nil
	m.send(id, Hello{
		Protocol: Protocol, ChainID: m.cfg.Params.ChainID, Genesis: m.genesis.Hash,
		Node: m.cfg.Node, Head: m.headClaim(),
	})
}

func (m *Machine) drop(p *peer, why Reason, format string, args ...any) {
	m.leave(p)
	m.emit(Drop{Peer: p.id, Reason: why, Detail: fmt.Sprintf(format, args...), Ban: why.ban()})
}

// received routes one message. A message from a peer just dropped is late and
// means nothing.
func (m *Machine) received(id PeerID, msg Message) {
	p := m.peers[id]
	if p == nil {
		return
	}
	if p.flooding(m.now) {
		m.drop(p, Flood, "more than %d messages in %s", floodLimit, floodWindow)
		return
	}
	if hello, ok := msg.(Hello); ok {
		m.onHello(p, hello)
		return
	}
	if !p.greeted {
		m.drop(p, NoHello, "the first message is %T", msg)
		return
	}
	m.dispatch(p, msg)
}

func (m *Machine) dispatch(p *peer, msg Message) {
	switch msg := msg.(type) {
	case Head:
		p.claim, p.barren = msg, false
	case Want:
		m.onWant(p, msg)
	case Headers:
		m.onHeaders(p, msg)
	case WantBodies:
		m.onWantBodies(p, msg)
	case Bodies:
		m.onBodies(p, msg)
	case Data:
		m.onData(p, msg)
	}
}

func (m *Machine) onHello(p *peer, h Hello) {
	switch {
	case h.Node == m.cfg.Node:
		m.drop(p, Itself, "dialed its own address")
	case h.Protocol != Protocol:
		m.drop(p, OtherProtocol, "protocol %d, want %d", h.Protocol, Protocol)
	case h.Genesis != m.genesis.Hash:
		m.drop(p, OtherChain, "chain %.80q with genesis %s, want %q with %s",
			h.ChainID, h.Genesis, m.cfg.Params.ChainID, m.genesis.Hash)
	case p.greeted:
		m.drop(p, Repeated, "a second hello")
	default:
		p.greeted, p.claim = true, h.Head
		m.catchUp(p)
	}
}

// catchUp tells a peer that has just said hello what it missed since ours.
func (m *Machine) catchUp(p *peer) {
	if head := m.headClaim(); head.Work.Exceeds(p.told) {
		m.send(p.id, head)
	}
	for _, data := range m.pool.waiting() {
		m.send(p.id, Data{Data: data})
	}
}

func (m *Machine) onData(p *peer, d Data) {
	if m.recentlyMined(block.DataRoot(d.Data)) {
		return
	}
	isNew, why := m.pool.add(d.Data)
	switch {
	case why == TooLarge || why == NotText:
		m.drop(p, why, "%d bytes", len(d.Data))
	case isNew:
		m.gossip(p.id, d)
	}
}

// gossip sends a message to every greeted peer but one.
func (m *Machine) gossip(except PeerID, msg Message) {
	for _, p := range m.peersInOrder() {
		if p.greeted && p.id != except {
			m.send(p.id, msg)
		}
	}
}
