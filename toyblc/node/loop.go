package node

import (
	"context"
	"fmt"
	"time"

	"onex.io/onex/toyblc/block"
	"onex.io/onex/toyblc/chain"
	"onex.io/onex/toyblc/store"
)

// posting is a text on its way into the machine; answer gets one Taken or
// Refused.
type posting struct {
	data   string
	answer chan chain.Output
}

// deliver hands an input to the loop.
func (n *Node) deliver(ctx context.Context, in chain.Input) {
	select {
	case n.inputs <- in:
	case <-ctx.Done():
	}
}

func (n *Node) found(ctx context.Context, b block.Block) {
	n.deliver(ctx, chain.Solved{Block: b})
}

// loop feeds the machine until ctx ends. It alone touches the machine, and it
// never waits for anybody but the disk.
func (n *Node) loop(ctx context.Context, faults <-chan error) error {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		var err error
		select {
		case <-ctx.Done():
			return nil
		case err = <-faults:
		case err = <-n.broken:
		case in := <-n.inputs:
			err = n.step(in)
		case p := <-n.posts:
			err = n.post(p)
		case <-tick.C:
			err = n.step(chain.Tick{})
		}
		if err != nil {
			return err
		}
	}
}

func (n *Node) step(in chain.Input) error {
	return n.do(n.machine.Step(time.Now(), in))
}

func (n *Node) post(p posting) error {
	out := n.machine.Step(time.Now(), chain.Post{Data: p.data})
	for _, o := range out {
		switch o.(type) {
		case chain.Taken, chain.Refused:
			p.answer <- o
		}
	}
	return n.do(out)
}

// do carries out what the machine decided, in order. An error ends the node:
// one that cannot keep what it promised to keep must not go on.
func (n *Node) do(outputs []chain.Output) error {
	for _, o := range outputs {
		if err := n.doOne(o); err != nil {
			return err
		}
	}
	s := n.machine.Status()
	if before := n.status.Swap(&s); before == nil || before.Head != s.Head {
		n.heads.ring()
	}
	n.beat.Store(time.Now().Unix())
	return nil
}

func (n *Node) doOne(o chain.Output) error {
	switch o := o.(type) {
	case chain.Send:
		n.hub.Send(o.Peer, o.Message)
	case chain.Serve:
		n.answer(o.Peer, func() (chain.Message, error) { return store.ServeHeaders(n.store, o.Locator) })
	case chain.ServeBodies:
		n.answer(o.Peer, func() (chain.Message, error) { return store.ServeBodies(n.store, o.Hashes) })
	case chain.Drop:
		n.metrics.dropped(o.Reason)
		n.hub.Drop(o)
	case chain.Store:
		return n.store.Apply(o)
	case chain.Mine:
		n.miner.Set(&o)
	case chain.Rest:
		n.miner.Set(nil)
	case chain.Corrupt:
		return fmt.Errorf("%w: %w", store.ErrCorrupt, o.Err)
	default:
		n.tell(o)
	}
	return nil
}

// tell reports what happened to those who watch.
func (n *Node) tell(o chain.Output) {
	switch o := o.(type) {
	case chain.Mined:
		n.mined.Add(1)
		n.log.Info("block mined", "height", o.Block.Index, "hash", o.Block.Hash)
		ctx := n.story.mined(o.Block)
		if n.events != nil {
			n.events.blockMined(ctx, o.Block)
		}
	case chain.Reorged:
		n.metrics.reorged(o.Depth)
		n.log.Warn("chain reorganized", "depth", o.Depth)
	}
}

// answer lets the peer's own goroutine read what it asked for.
func (n *Node) answer(peer chain.PeerID, read func() (chain.Message, error)) {
	n.hub.Answer(peer, func() (chain.Message, error) {
		m, err := read()
		if err != nil {
			return nil, n.unreadable(err)
		}
		return m, nil
	})
}
