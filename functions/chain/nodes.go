package chain

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"

	"onex.io/onex/shared/api/apps/v1beta1"
	"onex.io/onex/shared/fault"
	"onex.io/onex/toyblc/block"
)

// nodes ask the first nodes of chains.
type nodes struct {
	http    *http.Client
	pattern string // URL of a chain's node, for (chain, namespace)
}

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

func (n nodes) status(ctx context.Context, namespace, chain string) (*nodeStatus, error) {
	s := &nodeStatus{}
	return s, n.ask(ctx, fmt.Sprintf(n.pattern, chain, namespace)+"/v1/status", func(body io.Reader) error {
		return json.NewDecoder(io.LimitReader(body, statusBytes)).Decode(s)
	})
}

// headers reads blocks one by one and keeps what is in their headers: their data may be large.
func (n nodes) headers(ctx context.Context, c *v1beta1.Chain, from int64, limit int) (all []block.Header, err error) {
	url := fmt.Sprintf(n.pattern, c.Name, c.Namespace) + fmt.Sprintf("/v1/blocks?from=%d&limit=%d", from, limit)
	return all, n.ask(ctx, url, func(body io.Reader) error {
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
}

// ask gives the body of a node's answer to read.
func (n nodes) ask(ctx context.Context, url string, read func(io.Reader) error) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return fmt.Errorf("ask node at %q: %w", url, err)
	}
	response, err := n.http.Do(request)
	if err != nil {
		return nodeAway(err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return nodeAway(fmt.Errorf("%q answers status %d", url, response.StatusCode))
	}
	if err := read(response.Body); err != nil {
		return nodeAway(err)
	}
	return nil
}

func nodeAway(cause error) error {
	return fault.New(fault.Busy, "NodeAway", "the node of the chain does not answer now: %w", cause)
}
