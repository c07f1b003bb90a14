package chain

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strconv"

	"onex.io/onex/shared/api/chain"
	"onex.io/onex/shared/chainnode"
	"onex.io/onex/shared/object"
	"onex.io/onex/shared/op"
	"onex.io/onex/shared/platform"
	"onex.io/onex/shared/sse"
	"onex.io/onex/toyblc/block"
)

// watchChain passes on what the chain's first node tells of its blocks.
type watchChain struct {
	chains opener
	nodes  nodes
}

func newWatchChain(p *platform.Platform) (op.StreamFunc[chain.WatchRequest, chain.WatchEvent], error) {
	open, err := chainsOf(p)
	return (&watchChain{chains: open, nodes: nodes{chainnode.Nodes{HTTP: p.HTTP, Pattern: p.Config.Nodes}}}).Handle, err
}

// Handle ends when the node does, or can tell no more: the caller comes back and goes on.
func (f *watchChain) Handle(ctx context.Context, in *chain.WatchRequest, send func(sse.Event[chain.WatchEvent]) error) error {
	namespace, err := object.Namespace(ctx, in.Namespace)
	if err != nil {
		return err
	}
	c, err := f.chains.find(ctx, namespace, in.Name)
	if err != nil {
		return err
	}
	return f.nodes.Ask(ctx, c, "/v1/blocks/stream"+startOf(in), func(body io.Reader) error {
		if err := send(sse.Event[chain.WatchEvent]{}); err != nil {
			return err
		}
		return sse.Read(body, func(e sse.Event[json.RawMessage]) error {
			out, known, err := translate(e)
			if err != nil || !known {
				return err
			}
			return send(out)
		})
	})
}

// startOf is where the node is to begin: after what came last, or where the caller wants, or at the next block.
func startOf(in *chain.WatchRequest) string {
	if last, err := strconv.ParseInt(in.LastEventID, 10, 64); err == nil {
		return fmt.Sprintf("?from=%d", last+1)
	}
	if in.From > 0 {
		return fmt.Sprintf("?from=%d", in.From)
	}
	return ""
}

// translate says it in the words of the API. What nodes may come to tell one day is not passed on.
func translate(e sse.Event[json.RawMessage]) (out sse.Event[chain.WatchEvent], known bool, err error) {
	out = sse.Event[chain.WatchEvent]{ID: e.ID, Name: e.Name}
	switch e.Name {
	case chain.BlockEvent:
		var b block.Block
		if err := json.Unmarshal(e.Data, &b); err != nil {
			return out, false, err
		}
		out.Data = chain.WatchEvent{Height: b.Index, Block: &chain.Block{
			Hash: b.Hash.String(), PreviousHash: b.PreviousHash.String(), At: b.Time(), Target: b.Target.String(),
			Address: b.Address, PublicKey: b.PublicKey.String(),
		}}
		return out, true, nil
	case chain.ReorgEvent:
		return out, true, json.Unmarshal(e.Data, &out.Data)
	}
	return out, false, nil
}
