package wallet

import (
	"context"
	"time"

	"golang.org/x/sync/errgroup"

	"onex.io/onex/shared/access"
	"onex.io/onex/shared/api/apps/v1beta1"
	"onex.io/onex/shared/api/wallet"
	"onex.io/onex/shared/ledger"
	"onex.io/onex/shared/money"
	"onex.io/onex/shared/op"
	"onex.io/onex/shared/platform"
)

// getEarnings shows what the caller's miners have found: what is paid by the ledger, what is not yet by the chains.
type getEarnings struct {
	book    opener
	chains  chainLister
	payroll payroll
	// patience bounds what one chain may take.
	patience time.Duration
}

type chainLister interface {
	// In lists the chains of one namespace.
	In(ctx context.Context, namespace string) ([]v1beta1.Chain, error)
}

// tries bounds how often all is read again.
const tries = 3

// earningsPatience is how long a page waits for a chain's node. One that is slower is named instead.
const earningsPatience = 3 * time.Second

func newGetEarnings(p *platform.Platform) (op.RequestFunc[wallet.GetEarningsRequest, wallet.Earnings], error) {
	objects, payroll, err := payrollOf(p)
	if err != nil {
		return nil, err
	}
	return (&getEarnings{book: bookOf(p), chains: objects, payroll: payroll, patience: earningsPatience}).Handle, nil
}

// Handle reads the ledger before and after the chains. Where a reward came in between, it may be in both or in
// neither, and all is read again.
func (f *getEarnings) Handle(ctx context.Context, _ *wallet.GetEarningsRequest) (*wallet.Earnings, error) {
	book, err := f.book(ctx)
	if err != nil {
		return nil, err
	}
	user := access.From(ctx).UserID
	before, err := book.Account(ctx, user)
	for try := 1; err == nil; try++ {
		var pending map[string]money.Amount
		var unread []string
		if pending, unread, err = f.pending(ctx, user); err != nil {
			break
		}
		var after ledger.Account
		if after, err = book.Account(ctx, user); err == nil && (after.Earned == before.Earned || try == tries) {
			return report(after, pending, unread), nil
		}
		before = after
	}
	return nil, err
}

// pending is what blocks that are not settled yet will pay to the user, by pool. The user's miners are on chains of
// the own namespace or on public ones.
func (f *getEarnings) pending(ctx context.Context, user string) (pools map[string]money.Amount, unread []string, err error) {
	var chains []v1beta1.Chain
	for _, namespace := range []string{user, v1beta1.ChainNamespace} {
		some, err := f.chains.In(ctx, namespace)
		if err != nil {
			return nil, nil, err
		}
		chains = append(chains, some...)
	}
	found, failed := make([]map[string]money.Amount, len(chains)), make([]error, len(chains))
	var group errgroup.Group
	group.SetLimit(atOnce)
	for i := range chains {
		group.Go(func() error {
			ctx, cancel := context.WithTimeout(ctx, f.patience)
			defer cancel()
			found[i], failed[i] = f.payroll.pending(ctx, &chains[i], user)
			return nil
		})
	}
	_ = group.Wait()
	pools = map[string]money.Amount{}
	for i := range chains {
		if failed[i] != nil {
			unread = append(unread, chains[i].Name)
		}
		for pool, amount := range found[i] {
			pools[pool] += amount
		}
	}
	return pools, unread, nil
}

// report puts the two halves together.
func report(a ledger.Account, pending map[string]money.Amount, unread []string) *wallet.Earnings {
	e := &wallet.Earnings{UserID: a.ID, Confirmed: a.Earned, Pools: []wallet.PoolEarnings{}, Unread: unread}
	e.Former.Confirmed = a.Earned
	for _, amount := range pending {
		e.Pending += amount
	}
	e.Former.Pending = e.Pending
	for _, p := range a.Pools {
		e.Pools = append(e.Pools, wallet.PoolEarnings{Pool: p.ID, Slots: p.Slots, Confirmed: p.Earned, Pending: pending[p.ID]})
		e.Former.Confirmed -= p.Earned
		e.Former.Pending -= pending[p.ID]
	}
	return e
}
