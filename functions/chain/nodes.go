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
	// headerBytes bounds one header in JSON, with its hash and signature.
	headerBytes = 8 << 10
)

func (n nodes) status(ctx context.Context, c *v1beta1.Chain) (*nodeStatus, error) {
	s := &nodeStatus{}
	err := n.Ask(ctx, c, "/v1/status", func(body io.Reader) error {
		return json.NewDecoder(io.LimitReader(body, statusBytes)).Decode(s)
	})
	return s, err
}

// headers reads what a chain's blocks say of themselves, without their data.
func (n nodes) headers(ctx context.Context, c *v1beta1.Chain, from int64, limit int) (all []block.Header, err error) {
	err = n.Ask(ctx, c, fmt.Sprintf("/v1/headers?from=%d&limit=%d", from, limit), func(body io.Reader) error {
		return json.NewDecoder(io.LimitReader(body, int64(limit)*headerBytes)).Decode(&all)
	})
	return all, err
}
