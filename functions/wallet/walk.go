package wallet

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"onex.io/onex/shared/api/apps/v1beta1"
	"onex.io/onex/shared/chainnode"
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
	page, err := p.nodes.Blocks(ctx, c, from)
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
	page, err := w.payroll.nodes.Blocks(ctx, w.chain, w.verifier.Head().Index+1)
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
type nodes struct{ chainnode.Nodes }

// Blocks asks for one page.
func (n nodes) Blocks(ctx context.Context, c *v1beta1.Chain, from int64) (page []block.Block, err error) {
	err = n.Ask(ctx, c, fmt.Sprintf("/v1/blocks?from=%d&limit=%d", from, pageSize), func(body io.Reader) error {
		return json.NewDecoder(io.LimitReader(body, pageBytes)).Decode(&page)
	})
	return page, err
}
