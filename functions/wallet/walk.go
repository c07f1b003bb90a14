package wallet

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"

	"onex.io/onex/shared/api/apps/v1beta1"
	"onex.io/onex/shared/fault"
	"onex.io/onex/toyblc/block"
)

const (
	// pageSize bounds one answer of a node to 200 blocks of at most 64 KiB of data, escaped.
	pageSize  = 200
	pageBytes = pageSize * 6 * (block.MaxData + 4096)
)

// walk reads a chain upwards and verifies every block before it counts as confirmed.
type walk struct {
	payroll  payroll
	chain    *v1beta1.Chain
	verifier *block.Verifier
	waiting  []block.Block // verified, not yet confirmed
	settled  int64
}

// start stands on the last settled block. It is nil when the node's chain does not reach that far.
//
// The window before is taken as the node tells it: a forged one can change which targets are asked for, but a block
// pays by its own target and proof, so that forging gains nothing.
func (p payroll) start(ctx context.Context, c *v1beta1.Chain, settled int64) (*walk, error) {
	params := block.Params{
		ChainID: string(c.UID), Time: c.CreationTimestamp.Time,
		Interval: time.Duration(c.Spec.MinMineIntervalSeconds) * time.Second,
	}
	from := max(0, settled+1-block.WindowSize)
	page, err := p.nodes.Blocks(ctx, c.Namespace, c.Name, from)
	if err != nil {
		return nil, err
	}
	stand := int(settled - from + 1)
	if len(page) < stand {
		return nil, nil
	}
	verifier, err := block.ResumeVerifier(params, page[:stand]...)
	if err != nil {
		return nil, unbelievable(c, err)
	}
	w := &walk{payroll: p, chain: c, verifier: verifier, settled: settled}
	return w, w.take(page[stand:])
}

// next gives the blocks that one more page confirms; more is false at the head of the chain.
func (w *walk) next(ctx context.Context) (confirmed []block.Block, more bool, err error) {
	page, err := w.payroll.nodes.Blocks(ctx, w.chain.Namespace, w.chain.Name, w.verifier.Head().Index+1)
	if err != nil {
		return nil, false, err
	}
	if err := w.take(page); err != nil {
		return nil, false, err
	}
	n := max(0, len(w.waiting)-int(w.payroll.confirmations))
	confirmed, w.waiting = w.waiting[:n], w.waiting[n:]
	return confirmed, len(page) > 0, nil
}

func (w *walk) take(page []block.Block) error {
	if _, err := w.verifier.Add(w.payroll.now(), page...); err != nil {
		return unbelievable(w.chain, err)
	}
	w.waiting = append(w.waiting, page...)
	return nil
}

// unbelievable is Busy: a chain may be reorganized between two pages, and looks different the next time.
func unbelievable(c *v1beta1.Chain, err error) error {
	return fault.New(fault.Busy, "ChainNotVerified", "the chain cannot be settled now: %w", fmt.Errorf("chain %q of %q: %w", c.Name, c.Namespace, err))
}

// nodes reads chains from their nodes.
type nodes struct {
	http    *http.Client
	pattern string // URL of a chain's node, for (chain, namespace)
}

// Blocks asks for one page.
func (n nodes) Blocks(ctx context.Context, namespace, chain string, from int64) ([]block.Block, error) {
	url := fmt.Sprintf(n.pattern, chain, namespace) + fmt.Sprintf("/v1/blocks?from=%d&limit=%d", from, pageSize)
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, fmt.Errorf("blocks of chain %q: %w", chain, err)
	}
	response, err := n.http.Do(request)
	if err != nil {
		return nil, nodeAway(chain, err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return nil, nodeAway(chain, fmt.Errorf("status %d", response.StatusCode))
	}
	var page []block.Block
	if err := json.NewDecoder(io.LimitReader(response.Body, pageBytes)).Decode(&page); err != nil {
		return nil, nodeAway(chain, err)
	}
	return page, nil
}

func nodeAway(chain string, err error) error {
	return fault.New(fault.Busy, "NodeAway", "the node of the chain does not answer now: %w", fmt.Errorf("chain %q: %w", chain, err))
}
