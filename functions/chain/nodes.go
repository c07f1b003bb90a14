package chain

import (
	"context"
	"encoding/json"
	"fmt"
	"io"

	"onex.io/onex/shared/api/apps/v1beta1"
	"onex.io/onex/shared/chainnode"
	"onex.io/onex/toyblc/block"
)

// nodes ask the first nodes of chains.
type nodes struct{ chainnode.Nodes }

// nodeStatus is what a node tells of itself.
type nodeStatus struct {
	Height  int64        `json:"height"`
	Head    block.Hash   `json:"head"`
	Target  block.Target `json:"target"`
	Peers   int          `json:"peers"`
	Synced  bool         `json:"synced"`
	Waiting int          `json:"waiting"`
}

const (
	statusBytes = 64 << 10
	// blockBytes bounds one block with its data, escaped.
	blockBytes = 6 * (block.MaxData + 4096)
)

func (n nodes) status(ctx context.Context, c *v1beta1.Chain) (*nodeStatus, error) {
	s := &nodeStatus{}
	err := n.Ask(ctx, c, "/v1/status", func(body io.Reader) error {
		return json.NewDecoder(io.LimitReader(body, statusBytes)).Decode(s)
	})
	return s, err
}

// headers reads blocks one by one and keeps what is in their headers: their data may be large.
func (n nodes) headers(ctx context.Context, c *v1beta1.Chain, from int64, limit int) (all []block.Header, err error) {
	err = n.Ask(ctx, c, fmt.Sprintf("/v1/blocks?from=%d&limit=%d", from, limit), func(body io.Reader) error {
		blocks := json.NewDecoder(io.LimitReader(body, int64(limit)*blockBytes))
		if _, err := blocks.Token(); err != nil {
			return err
		}
		for blocks.More() {
			var h block.Header
			if err := blocks.Decode(&h); err != nil {
				return err
			}
			all = append(all, h)
		}
		return nil
	})
	return all, err
}
