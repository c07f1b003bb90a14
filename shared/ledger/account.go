package ledger

import (
	"context"
	"slices"

	"onex.io/onex/shared/fault"
	"onex.io/onex/shared/money"
)

// Account is what an account's entries up to Number amount to. It is kept whole in one document, so that an older one
// put over a newer one is late but never wrong.
type Account struct {
	ID      string       `bson:"_id"`
	Number  int64        `bson:"number"`
	Balance money.Amount `bson:"balance"`
	// Earned is the sum of all rewards.
	Earned money.Amount `bson:"earned"`
	// Slots counts the slots paid in Pools, whatever their types.
	Slots int64 `bson:"slots"`
	// Pools are those with a paid slot that have not been released, oldest first.
	Pools []Pool `bson:"pools"`
}

// Pool is what an account has in a pool of miners.
type Pool struct {
	ID    string `bson:"id"`
	Slots int64  `bson:"slots"`
	// Earned is the sum of the rewards of its slots since it was opened.
	Earned money.Amount `bson:"earned"`
}

// Account reads the state of an account: its last known one, and whether an entry follows that. An account without
// entries has the zero state.
func (l *Ledger) Account(ctx context.Context, name string) (Account, error) {
	a, err := l.known(ctx, name)
	if err != nil {
		return a, err
	}
	moved, err := l.advance(ctx, &a)
	if err == nil && moved {
		err = l.accounts.Put(ctx, a.ID, &a)
	}
	return a, err
}

// known is the state as it was last kept. It may be late.
func (l *Ledger) known(ctx context.Context, name string) (Account, error) {
	a, err := l.accounts.Get(ctx, name)
	switch {
	case err == nil:
		return *a, nil
	case fault.KindOf(err) == fault.Missing:
		return Account{ID: name}, nil
	}
	return Account{}, err
}

// stride is after how many entries a long way is kept, so that one that is broken off goes on from there.
const stride = 64

// advance brings the state up to the last entry, and makes up for what a crash left untold. It leaves it to the caller
// to keep the state.
func (l *Ledger) advance(ctx context.Context, a *Account) (moved bool, err error) {
	for ; ; moved = true {
		if moved && a.Number%stride == 0 {
			if err := l.accounts.Put(ctx, a.ID, a); err != nil {
				return moved, err
			}
		}
		e, err := l.entries.Get(ctx, entryID(a.ID, a.Number+1))
		if err != nil && fault.KindOf(err) == fault.Missing {
			return moved, nil
		}
		if err != nil {
			return moved, err
		}
		if err := l.tell(ctx, a, *e); err != nil {
			return moved, err
		}
	}
}

// tell keeps what an entry says about slots and pools, and only then steps over it: a state is never ahead of them.
func (l *Ledger) tell(ctx context.Context, a *Account, e Entry) error {
	if e.Kind == KindSlot {
		if err := l.tellPurchase(ctx, e, e.Purchase == 1 && a.pool(e.Pool) < 0); err != nil {
			return err
		}
	}
	*a = a.after(e)
	return nil
}

// after is the state after one more entry.
func (a Account) after(e Entry) Account {
	a.Number, a.Balance, a.Pools = e.Number, e.Balance, slices.Clone(a.Pools)
	at := a.pool(e.Pool)
	switch {
	case e.Kind == KindReward:
		a.Earned += e.Amount
		if at >= 0 {
			a.Pools[at].Earned += e.Amount
		}
	case e.Kind == KindSlot && e.Purchase == 1:
		a.Slots++
		if at >= 0 {
			a.Pools[at].Slots++
		} else {
			a.Pools = append(a.Pools, Pool{ID: e.Pool, Slots: 1})
		}
	case e.Kind == KindRelease && at >= 0:
		a.Slots -= a.Pools[at].Slots
		a.Pools = slices.Delete(a.Pools, at, at+1)
	}
	return a
}

// pool is the index of an open pool, or -1.
func (a Account) pool(id string) int {
	return slices.IndexFunc(a.Pools, func(p Pool) bool { return p.ID == id })
}
