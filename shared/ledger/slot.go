package ledger

import (
	"context"
	"fmt"

	"go.mongodb.org/mongo-driver/v2/bson"

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

// BuySlot charges a slot once per (pool, slot, type). A dearer type costs the difference to the dearest one already
// bought for the slot, a cheaper one nothing; nothing is ever paid back.
//
// What was bought before is read after the account's head: a charge in between would take the head's next number,
// and the decision would be made anew.
func (l *Ledger) BuySlot(ctx context.Context, s Slot, price func(minerType string) money.Amount) error {
	_, err := l.append(ctx, s.Account, func(ctx context.Context) (Entry, bool, error) {
		bought, err := l.entries.List(ctx, bson.D{{Key: "kind", Value: KindSlot}, {Key: "pool", Value: s.Pool}, {Key: "slot", Value: s.Number}})
		if err != nil {
			return Entry{}, false, err
		}
		var paid money.Amount
		for _, e := range bought {
			if e.MinerType == s.MinerType {
				return Entry{}, false, nil
			}
			paid -= e.Amount
		}
		due := max(price(s.MinerType)-paid, 0)
		return Entry{
			Account: s.Account, Key: s.Key(), Kind: KindSlot, Amount: -due,
			Pool: s.Pool, Slot: s.Number, MinerType: s.MinerType,
		}, true, nil
	})
	return err
}
