package chain_test

import (
	"bytes"
	"crypto/ed25519"
	"fmt"
	"slices"
	"strings"
	"time"

	"onex.io/onex/toyblc/block"
	"onex.io/onex/toyblc/chain"
)

// traitor makes a node hostile: it follows the chain like the others, to know what
// to lie about, and mines with its power.
type traitor struct {
	n      *simNode
	lie    map[chain.PeerID]block.Block // what a peer is shown when it asks next
	secret map[block.Hash]string        // data that is given for blocks of its own
	silent map[chain.PeerID]bool        // who is claimed something and told nothing
	acts   int
}

func (n *simNode) turn() {
	n.traitor = &traitor{n: n, lie: map[chain.PeerID]block.Block{}, secret: map[block.Hash]string{}, silent: map[chain.PeerID]bool{}}
	n.w.after(n.w.some(20*time.Second), n.traitor.act)
}

// withheld is data that is never given.
const withheld = "\x00withheld"

func (t *traitor) act() {
	n := t.n
	n.w.after(5*time.Second+n.w.some(20*time.Second), t.act)
	if n.away || n.work.Header.Index == 0 {
		return
	}
	t.acts++
	switch trick := n.w.luck.IntN(9); trick {
	case 5:
		t.toOne(slices.Repeat([]chain.Message{chain.Head{Hash: block.Hash{1}, Work: chain.Work{0: 0xff}}}, 1200)...)
	case 6:
		t.toOne(chain.Bodies{Data: []string{"x"}}, chain.Headers{})
	case 7:
		t.toOne(chain.Data{Data: strings.Repeat("x", block.MaxData+1)}, chain.Want{Locator: make([]block.Hash, chain.MaxLocator+1)})
	case 8:
		for _, id := range n.peers() {
			t.silent[id] = true
			n.send(id, chain.Head{Hash: block.Hash{byte(n.w.luck.IntN(256))}, Height: 1 << 40, Work: chain.Work{0: 0xff}})
		}
	default:
		b := t.spoil(trick)
		for _, id := range n.peers() {
			t.claim(id, b)
		}
	}
}

// spoil makes a block that breaks one rule, and only after that rule's cost was paid.
func (t *traitor) spoil(trick int) block.Block {
	m := t.n.work
	switch trick {
	case 0:
		return block.Seal(m.Header, m.Data, t.n.key) // no work
	case 1:
		m.Header.Target = block.MaxTarget() // other work than is due
		m.Header.Target[31] ^= 1
	case 2:
		b := solve(m, t.n.key) // signed by somebody else
		copy(b.Signature[:], ed25519.Sign(ed25519.NewKeyFromSeed(bytes.Repeat([]byte{9}, 32)), b.Hash[:]))
		return b
	case 3:
		m.Header.Timestamp = t.n.w.now.Add(time.Hour).Unix() // from the future
	case 4:
		m.Header.Timestamp = start.Unix() // from the past
	}
	return solve(m, t.n.key)
}

func (t *traitor) toOne(messages ...chain.Message) {
	ids := t.n.peers()
	if len(ids) == 0 {
		return
	}
	to := ids[t.n.w.luck.IntN(len(ids))]
	for _, m := range messages {
		t.n.send(to, m)
	}
}

// claim announces a block of the traitor's to one peer, and shows it when asked.
func (t *traitor) claim(to chain.PeerID, b block.Block) {
	t.lie[to] = b
	work := t.n.machine.Status().Work.Plus(b.Target).Plus(b.Target)
	t.n.send(to, chain.Head{Hash: b.Hash, Height: b.Index, Work: work})
}

// finds decides what becomes of a block that the traitor has really found: it is
// told like any other, or two of a kind are told to different peers, or its data is
// kept back or another is given. It reports whether the block is dealt with.
func (t *traitor) finds(m chain.Mine) bool {
	if t == nil {
		return false
	}
	trick := t.n.w.luck.IntN(4)
	if trick == 0 {
		return false
	}
	twins := [2]block.Block{t.twin(m, "left"), t.twin(m, "right")}
	for i, id := range t.n.peers() {
		b := twins[0]
		if trick == 1 {
			b = twins[i%2]
		}
		t.secret[b.Hash] = map[int]string{1: b.Data, 2: withheld, 3: "another text"}[trick]
		t.claim(id, b)
	}
	return true
}

func (t *traitor) twin(m chain.Mine, data string) block.Block {
	m.Data = fmt.Sprintf("%s %s %d", t.n.name, data, m.Header.Index)
	m.Header.DataRoot = block.DataRoot(m.Data)
	return solve(m, t.n.key)
}

func (t *traitor) lies(o chain.Serve) bool {
	if t == nil {
		return false
	}
	if b, ok := t.lie[o.Peer]; ok {
		delete(t.lie, o.Peer)
		b.Data = ""
		t.n.send(o.Peer, chain.Headers{Headers: []block.Block{b}})
		return true
	}
	return t.silent[o.Peer]
}

func (t *traitor) withholds(o chain.ServeBodies) bool {
	if t == nil || len(o.Hashes) == 0 {
		return false
	}
	data, ours := t.secret[o.Hashes[0]]
	switch {
	case ours && data == withheld:
		t.n.send(o.Peer, chain.Bodies{})
	case ours:
		t.n.send(o.Peer, chain.Bodies{Data: []string{data}})
	}
	return ours
}
