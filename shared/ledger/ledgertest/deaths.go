package ledgertest

import (
	"context"
	"math"
	"testing"

	"onex.io/onex/shared/ledger"
	"onex.io/onex/shared/money"
)

// deaths kills whoever buys a slot after each of the writes of that, and lets others come after.
func deaths(t *testing.T, b *book) {
	const writes = 4 // the entry, the purchase, the pool, the account
	for after, next := range map[string]func(ledger.Slot){
		"the same again": func(s ledger.Slot) { must(t, b.buy(t, s)) },
		"another slot, and the same again": func(s ledger.Slot) {
			other := s
			other.Number = 1
			must(t, b.buy(t, other))
			must(t, b.buy(t, s))
		},
		"an income, and the same again": func(s ledger.Slot) {
			b.credit(t, ledger.Entry{Account: s.Account, Key: "income/" + s.Pool, Kind: ledger.KindGift}, true)
			must(t, b.buy(t, s))
		},
		"the same again when no more is allowed": func(s ledger.Slot) {
			b.account(t, s.Account)
			must(t, b.buyOf(t, s, 1))
		},
	} {
		for n := range writes + 1 {
			s := ledger.Slot{Account: key(after, n), Pool: key(after, "/", n), MinerType: "small"}
			b.credit(t, gift(s.Account, "gift/"+s.Account, 100), true)
			b.dying(t, n, func(ctx context.Context) { _ = b.BuySlot(ctx, s, terms(9)) })
			next(s)
			a := b.account(t, s.Account)
			if a.Balance != 100-50*money.Amount(a.Slots) || a.Slots != a.Pools[0].Slots || len(a.Pools) != 1 {
				t.Errorf("dead after %d writes, then %s: %+v", n, after, a)
			}
			want := int64(1)
			if after == "another slot, and the same again" {
				want = 2
			}
			if a.Slots != want {
				t.Errorf("dead after %d writes, then %s: %d slots are paid, want %d", n, after, a.Slots, want)
			}
		}
	}
}

// releaseAfterDeath kills whoever opens a pool after each of the writes of that, and then releases the pool: what was
// paid for is given back to the quota.
func releaseAfterDeath(t *testing.T, b *book) {
	const writes = 4 // the entry, the purchase, the pool, the account
	for n := range writes + 1 {
		s := ledger.Slot{Account: key("released", n), Pool: key("released/", n), MinerType: "small"}
		b.credit(t, gift(s.Account, "gift/"+s.Account, 100), true)
		b.dying(t, n, func(ctx context.Context) { _ = b.BuySlot(ctx, s, terms(9)) })
		must(t, b.insist(func() error {
			_, err := b.Release(t.Context(), ledger.OpenPool{ID: s.Pool, Account: s.Account})
			return err
		}))
		if a := b.account(t, s.Account); a.Slots != 0 || len(a.Pools) != 0 {
			t.Errorf("dead after %d writes, then released: %+v", n, a)
		}
	}
}

// repeatWhenFull repeats an income that has filled a wallet to the brim.
func repeatWhenFull(t *testing.T, b *book) {
	b.credit(t, gift("a", "1", math.MaxInt64), true)
	b.credit(t, gift("a", "1", math.MaxInt64), false)
	b.wantSound(t, "a", 1, math.MaxInt64)
}

// dying runs f in a process that is killed after so many writes.
func (b *book) dying(t *testing.T, writes int, f func(context.Context)) {
	t.Helper()
	ctx, end := b.traffic.mortal(t.Context(), writes)
	defer end()
	f(ctx)
}
