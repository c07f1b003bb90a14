package ledger

import (
	"context"
	"fmt"

	"onex.io/onex/shared/fault"
	"onex.io/onex/shared/money"
)

// Slot is a place in a pool of miners, bought for a type.
type Slot struct {
	Account   string
	Pool      string // uid of the MinerSet, or of a Miner that stands alone
	Number    int64
	MinerType string
}

// Key is the idempotency key of the slot's charge.
func (s Slot) Key() string { return fmt.Sprintf("slot/%s/%d/%s", s.Pool, s.Number, s.MinerType) }

func (s Slot) purchaseID(count int64) string { return fmt.Sprintf("%s/%d/%d", s.Pool, s.Number, count) }

// Terms are what a slot costs and how many an account may have.
type Terms struct {
	Price func(minerType string) money.Amount
	// Limit is the most slots that the account may hold at once. It is asked for only when one more is wanted.
	Limit func(context.Context) (int64, error)
}

// ErrQuota is the reason of a slot that is one too many for the account.
const ErrQuota = "InsufficientQuota"

// purchase says that a slot is paid for a type. The purchases of a slot are numbered from 1, like the entries that
// they repeat, so that they are found by exact _id.
type purchase struct {
	ID        string       `bson:"_id"` // pool/slot/number
	MinerType string       `bson:"minerType"`
	Paid      money.Amount `bson:"paid"` // by this one and those before
	Entry     string       `bson:"entry"`
}

// BuySlot charges a slot once per (pool, slot, type). A dearer type costs the difference to the dearest one already
// bought for the slot, a cheaper one nothing; nothing is ever paid back. A slot's first purchase counts against the
// account's quota. Exhausted with ErrQuota or ErrInsufficient: nothing has changed.
func (l *Ledger) BuySlot(ctx context.Context, s Slot, t Terms) error {
	_, err := l.append(ctx, s.Account, func(ctx context.Context, a Account) (*Entry, error) {
		count, paid, bought, err := l.bought(ctx, s)
		if err != nil || bought {
			return nil, err
		}
		if count == 0 {
			if err := within(ctx, a, t); err != nil {
				return nil, err
			}
		}
		due := max(t.Price(s.MinerType)-paid, 0)
		return &Entry{
			Account: s.Account, Key: s.Key(), Kind: KindSlot, Amount: -due, Pool: s.Pool, Slot: s.Number,
			MinerType: s.MinerType, Purchase: count + 1, Paid: paid + due,
		}, nil
	})
	return err
}

// bought reads what the slot has been bought for: how many types, for how much together, and whether for this one.
// It is read after the account's state, which is never ahead of it: what is missing here and booked nevertheless
// stands in an entry behind that state, whose number the new entry would need.
func (l *Ledger) bought(ctx context.Context, s Slot) (count int64, paid money.Amount, this bool, err error) {
	for {
		p, err := l.purchases.Get(ctx, s.purchaseID(count+1))
		if err != nil && fault.KindOf(err) == fault.Missing {
			return count, paid, false, nil
		}
		if err != nil || p.MinerType == s.MinerType {
			return count, paid, err == nil, err
		}
		count, paid = count+1, p.Paid
	}
}

func within(ctx context.Context, a Account, t Terms) error {
	limit, err := t.Limit(ctx)
	if err == nil && a.Slots >= limit {
		err = fault.New(fault.Exhausted, ErrQuota, "%d miners are paid for and %d are allowed", a.Slots, limit)
	}
	return err
}

// tellPurchase keeps the purchase, and with the first one of a pool that the pool is open.
func (l *Ledger) tellPurchase(ctx context.Context, e Entry, opens bool) error {
	s := Slot{Account: e.Account, Pool: e.Pool, Number: e.Slot}
	p := &purchase{ID: s.purchaseID(e.Purchase), MinerType: e.MinerType, Paid: e.Paid, Entry: e.ID}
	if err := l.purchases.Insert(ctx, p.ID, p); err != nil && fault.KindOf(err) != fault.Conflict {
		return err
	}
	if !opens {
		return nil
	}
	return l.pools.Put(ctx, e.Pool, &OpenPool{ID: e.Pool, Account: e.Account})
}
