package ledgertest

import (
	"sync/atomic"
	"testing"

	"onex.io/onex/shared/fault"
	"onex.io/onex/shared/ledger"
	"onex.io/onex/shared/money"
)

func sameKeyAtOnce(t *testing.T, b *book) {
	var booked atomic.Int64
	atOnce(8, func(int) {
		now, err := b.ask(t, gift("a", "gift/a", 1000))
		if err != nil {
			t.Errorf("credit: %v", err)
		}
		if now {
			booked.Add(1)
		}
	})
	if booked.Load() != 1 && !b.lossy {
		t.Errorf("%d writers believe that they booked it", booked.Load())
	}
	b.wantSound(t, "a", 1, 1000)
}

func manyAtOnce(t *testing.T, b *book) {
	const writers, each = 8, 25
	atOnce(writers, func(w int) {
		for i := range each {
			booked, err := b.ask(t, gift("a", key(w, "/", i), money.Amount(w+1)))
			if err != nil || !booked && !b.lossy {
				t.Errorf("writer %d, entry %d: %v, %v", w, i, booked, err)
			}
		}
	})
	var want money.Amount
	for w := range writers {
		want += each * money.Amount(w+1)
	}
	b.wantSound(t, "a", writers*each, want)
}

func spendAtOnce(t *testing.T, b *book) {
	b.credit(t, gift("a", "gift", 100), true)
	var spent atomic.Int64
	atOnce(16, func(w int) {
		switch err := b.buy(t, slotIn(key("pool-", w), 0, "tiny")); {
		case err == nil:
			spent.Add(10)
		case fault.KindOf(err) != fault.Exhausted:
			t.Errorf("writer %d: %v", w, err)
		}
	})
	if spent.Load() != 100 {
		t.Errorf("%d of 100 were spent", spent.Load())
	}
	b.wantSound(t, "a", 11, 0)
}

func manyAccounts(t *testing.T, b *book) {
	atOnce(8, func(w int) {
		for i := range 10 {
			if _, err := b.ask(t, gift(key("user-", w), key(w, "/", i), 1)); err != nil {
				t.Errorf("account %d: %v", w, err)
			}
		}
	})
	for w := range 8 {
		b.wantSound(t, key("user-", w), 10, 10)
	}
	b.wantSound(t, "user", 0, 0)
}

func twoLedgers(t *testing.T, b *book) {
	ledgers := []*ledger.Ledger{b.Ledger, b.another(t)}
	atOnce(8, func(w int) {
		for i := range 5 {
			if err := b.insist(func() error {
				_, err := ledgers[w%2].Credit(t.Context(), gift("a", key(w/2, "/", i), 1)) // each key by both
				return err
			}); err != nil {
				t.Errorf("writer %d: %v", w, err)
			}
		}
	})
	b.wantSound(t, "a", 20, 20)
}
