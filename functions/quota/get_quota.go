package quota

import (
	"context"

	"onex.io/onex/shared/access"
	"onex.io/onex/shared/api/quota"
	"onex.io/onex/shared/ledger"
	"onex.io/onex/shared/op"
	"onex.io/onex/shared/platform"
	limits "onex.io/onex/shared/quota"
)

// account is a user's limit beside what the ledger says is used of it.
type account struct {
	limits limitReader
	book   opener
}

type limitReader interface {
	// Miners is how many paid slots the user may hold.
	Miners(ctx context.Context, userID string) (int64, error)
}

type book interface {
	// Account counts the user's paid slots.
	Account(ctx context.Context, name string) (ledger.Account, error)
}

// opener opens the book; Busy while its store is away.
type opener func(context.Context) (book, error)

func bookOf(p *platform.Platform) opener {
	return func(ctx context.Context) (book, error) { return p.Ledger(ctx) }
}

func (a account) of(ctx context.Context, userID string) (*quota.Quota, error) {
	limit, err := a.limits.Miners(ctx, userID)
	if err != nil {
		return nil, err
	}
	book, err := a.book(ctx)
	if err != nil {
		return nil, err
	}
	state, err := book.Account(ctx, userID)
	if err != nil {
		return nil, err
	}
	return &quota.Quota{UserID: userID, Limit: limit, Used: state.Slots, Left: max(0, limit-state.Slots)}, nil
}

// getQuota shows the caller's own quota; there is no way to name another.
type getQuota struct{ account account }

func newGetQuota(p *platform.Platform) (op.RequestFunc[quota.GetRequest, quota.Quota], error) {
	db, err := p.Mongo()
	if err != nil {
		return nil, err
	}
	return (&getQuota{account{limits: limits.NewLimits(db, p.Config.MinersPerUser), book: bookOf(p)}}).Handle, nil
}

// Handle reads the quota.
func (f *getQuota) Handle(ctx context.Context, _ *quota.GetRequest) (*quota.Quota, error) {
	return f.account.of(ctx, access.From(ctx).UserID)
}
