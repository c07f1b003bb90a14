package wallet

import (
	"context"
	"math"

	"onex.io/onex/shared/access"
	"onex.io/onex/shared/api/wallet"
	"onex.io/onex/shared/fault"
	"onex.io/onex/shared/minertype"
	"onex.io/onex/shared/money"
	"onex.io/onex/shared/op"
	"onex.io/onex/shared/platform"
	"onex.io/onex/shared/quota"
)

// quoteMinerSet tells what a new MinerSet costs, what there is to pay it, and what it would bring.
type quoteMinerSet struct {
	book     opener
	limits   limitReader
	types    minertype.Catalog
	forecast forecast
}

type limitReader interface {
	// Miners is how many paid slots the user may hold.
	Miners(ctx context.Context, userID string) (int64, error)
}

func newQuoteMinerSet(p *platform.Platform) (op.RequestFunc[wallet.QuoteRequest, wallet.Quote], error) {
	db, err := p.Mongo()
	if err != nil {
		return nil, err
	}
	return (&quoteMinerSet{
		book: bookOf(p), limits: quota.NewLimits(db, p.Config.MinersPerUser),
		types: p.Config.MinerTypes, forecast: forecastOf(p.Config),
	}).Handle, nil
}

// Handle changes nothing and reserves nothing.
func (f *quoteMinerSet) Handle(ctx context.Context, in *wallet.QuoteRequest) (*wallet.Quote, error) {
	t, ok := f.types.Get(in.Body.MinerType)
	if !ok {
		return nil, fault.Field("minerType", "no miner type %q is for sale", in.Body.MinerType)
	}
	n := in.Body.Replicas
	if n > int64(math.MaxInt64/t.Price) {
		return nil, fault.Field("replicas", "no wallet can pay %d slots", n)
	}
	limit, err := f.limits.Miners(ctx, access.From(ctx).UserID)
	if err != nil {
		return nil, err
	}
	_, a, err := f.book.own(ctx)
	if err != nil {
		return nil, err
	}
	left := max(0, limit-a.Slots)
	return &wallet.Quote{
		MinerType: t.Name, Replicas: n, SlotPrice: t.Price, Price: t.Price * money.Amount(n), Balance: a.Balance,
		QuotaLeft: left, Affordable: min(n, left, int64(a.Balance/t.Price)), ExpectedPerDay: f.forecast.perDay(t, n),
	}, nil
}
