package minerset

import (
	"context"

	"onex.io/onex/shared/api/apps/v1beta1"
	"onex.io/onex/shared/ledger"
	"onex.io/onex/shared/minertype"
	"onex.io/onex/shared/money"
	"onex.io/onex/shared/platform"
)

// walletGauge reads how many miners the owner's money calls for.
type walletGauge struct {
	book  bookOpener
	types minertype.Catalog
}

// accounts tells how much somebody has, and what is bought with the rest.
type accounts interface {
	Account(ctx context.Context, name string) (ledger.Account, error)
}

// bookOpener opens the ledger; Busy while its store is away.
type bookOpener func(context.Context) (accounts, error)

func bookOf(p *platform.Platform) bookOpener {
	return func(ctx context.Context) (accounts, error) { return p.Ledger(ctx) }
}

// wanted counts the paid slots, so that what was spent on them calls for no fewer miners, and adds what the rest of the
// money buys. One more miner takes no less than its slot costs, or the reserve would be spent too.
func (g walletGauge) wanted(ctx context.Context, m *v1beta1.MinerSet) (int64, error) {
	book, err := g.book(ctx)
	if err != nil {
		return 0, err
	}
	a, err := book.Account(ctx, m.Namespace)
	if err != nil {
		return 0, err
	}
	t := m.Spec.Autoscaling.WalletBalance
	each := money.Amount(t.OXPerMiner) * money.OX
	if sold, ok := g.types.Get(m.Spec.Template.Spec.MinerType); ok {
		each = max(each, sold.Price)
	}
	spare := max(0, a.Balance-money.Amount(t.ReserveOX)*money.OX)
	wanted := int64(spare / each)
	for _, p := range a.Pools {
		if p.ID == string(m.UID) {
			wanted += p.Slots
		}
	}
	return wanted, nil
}
