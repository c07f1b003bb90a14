package wallet

import (
	"context"
	"fmt"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.opentelemetry.io/otel/attribute"
	oteltrace "go.opentelemetry.io/otel/trace"

	"onex.io/onex/shared/api/apps/v1beta1"
	"onex.io/onex/shared/fault"
	"onex.io/onex/shared/ledger"
	"onex.io/onex/shared/money"
	"onex.io/onex/shared/trace"
	"onex.io/onex/toyblc/block"
)

// payroll pays the confirmed blocks of one chain, each once per (chain uid, height) whatever the chain does later.
type payroll struct {
	nodes         blockReader
	book          opener
	signers       signerBook
	cursors       cursors
	confirmations int64
	rate          money.Amount
	now           func() time.Time
}

type blockReader interface {
	// Blocks reads blocks of the main chain, ascending from the given height; an empty page is beyond the head.
	Blocks(ctx context.Context, c *v1beta1.Chain, from int64) ([]block.Block, error)
}

type signerBook interface {
	// Get is Missing for a key that no paid slot has.
	Get(ctx context.Context, publicKey string) (*signer, error)
	// Set changes some fields of a key that is known.
	Set(ctx context.Context, publicKey string, fields bson.D) (there bool, err error)
}

// cursor says up to where a chain is settled. It only saves work: losing it, or moving it back, pays nothing twice.
type cursor struct {
	ChainID string    `bson:"_id"`
	Height  int64     `bson:"height"`
	At      time.Time `bson:"at"`
}

type cursors interface {
	Get(ctx context.Context, chainID string) (*cursor, error)
	Put(ctx context.Context, chainID string, c *cursor) error
}

// pay returns how many blocks it paid, and how much.
func (p payroll) pay(ctx context.Context, c *v1beta1.Chain) (paid int, sum money.Amount, err error) {
	settled, err := p.settledHeight(ctx, string(c.UID))
	if err != nil {
		return 0, 0, err
	}
	walk, err := p.start(ctx, c, settled)
	if err != nil || walk == nil {
		return 0, 0, err
	}
	for {
		confirmed, more, err := walk.next(ctx)
		if err != nil {
			return paid, sum, err
		}
		for _, b := range confirmed {
			amount, err := p.payBlock(ctx, string(c.UID), b)
			if err != nil {
				return paid, sum, err
			}
			if amount > 0 {
				paid, sum = paid+1, sum+amount
			}
		}
		if n := len(confirmed); n > 0 {
			at := &cursor{ChainID: string(c.UID), Height: confirmed[n-1].Index, At: p.now().UTC()}
			if err := p.cursors.Put(ctx, at.ChainID, at); err != nil {
				return paid, sum, err
			}
		}
		if !more {
			return paid, sum, nil
		}
	}
}

func (p payroll) settledHeight(ctx context.Context, chainID string) (int64, error) {
	c, err := p.cursors.Get(ctx, chainID)
	switch {
	case err == nil:
		return c.Height, nil
	case fault.KindOf(err) == fault.Missing:
		return 0, nil // block 0 is the genesis, which nobody mined
	}
	return 0, err
}

// payBlock credits the owner of the slot whose key signed the block.
func (p payroll) payBlock(ctx context.Context, chainID string, b block.Block) (money.Amount, error) {
	s, err := p.signerOf(ctx, chainID, b)
	if err != nil || s == nil {
		return 0, err
	}
	book, err := p.book(ctx)
	if err != nil {
		return 0, err
	}
	e := ledger.Entry{
		Account: s.Account, Key: fmt.Sprintf("reward/%s/%d", chainID, b.Index), Kind: ledger.KindReward, Amount: p.worth(b),
		Pool: s.Pool, Slot: s.Slot, Chain: chainID, Height: b.Index,
	}
	booked, err := p.credit(ctx, book, s, e)
	if err != nil || !booked {
		return 0, err
	}
	return e.Amount, nil
}

// credit books the reward. The first one of a key ends the trace in which its slot was bought; the others belong to
// what woke this operation. A reward that was booked before is no part of any.
func (p payroll) credit(ctx context.Context, book book, s *signer, e ledger.Entry) (booked bool, err error) {
	within, span := trace.Within(ctx, s.Trace, "credit reward", oteltrace.WithAttributes(
		attribute.String("onex.entry.key", e.Key), attribute.String("onex.entry.account", e.Account),
		attribute.Int64("onex.entry.amount", int64(e.Amount)), attribute.String("onex.chain.id", e.Chain), attribute.Int64("onex.block.height", e.Height)))
	if booked, err = book.Credit(within, e); err != nil || !booked {
		return false, err
	}
	span.End()
	if s.Trace != "" {
		// Should it fail, the next reward is told in that trace too.
		_, _ = p.signers.Set(ctx, s.PublicKey, bson.D{{Key: "trace", Value: ""}})
	}
	return true, nil
}

// signerOf is who signed the block, or nil if that has no paid slot of this chain.
func (p payroll) signerOf(ctx context.Context, chainID string, b block.Block) (*signer, error) {
	s, err := p.signers.Get(ctx, b.PublicKey.String())
	if fault.KindOf(err) == fault.Missing && err != nil || err == nil && s.ChainID != chainID {
		return nil, nil
	}
	return s, err
}

// worth is a block's expected hashes at the operator's rate, so that neither interval nor difficulty changes what an
// hour of hashing earns.
func (p payroll) worth(b block.Block) money.Amount {
	return money.Reward(block.ExpectedHashes(b.Target), p.rate)
}

// pending is what the blocks above the last settled one will pay to an account, by pool. It pays nothing.
func (p payroll) pending(ctx context.Context, c *v1beta1.Chain, account string) (map[string]money.Amount, error) {
	blocks, err := p.unsettled(ctx, c)
	if err != nil {
		return nil, err
	}
	pools, known := map[string]money.Amount{}, map[block.PublicKey]*signer{}
	for _, b := range blocks {
		s, asked := known[b.PublicKey]
		if !asked {
			if s, err = p.signerOf(ctx, string(c.UID), b); err != nil {
				return nil, err
			}
			known[b.PublicKey] = s
		}
		if s != nil && s.Account == account {
			pools[s.Pool] += p.worth(b)
		}
	}
	return pools, nil
}

// unsettled reads and verifies the blocks above the last settled one.
func (p payroll) unsettled(ctx context.Context, c *v1beta1.Chain) (blocks []block.Block, err error) {
	settled, err := p.settledHeight(ctx, string(c.UID))
	if err != nil {
		return nil, err
	}
	walk, err := p.start(ctx, c, settled)
	if err != nil || walk == nil {
		return nil, err
	}
	for more := true; more; {
		var confirmed []block.Block
		if confirmed, more, err = walk.next(ctx); err != nil {
			return nil, err
		}
		blocks = append(blocks, confirmed...)
	}
	return append(blocks, walk.waiting...), nil
}
