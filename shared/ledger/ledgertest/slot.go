package ledgertest

import (
	"sync/atomic"
	"testing"

	"onex.io/onex/shared/fault"
	"onex.io/onex/shared/ledger"
	"onex.io/onex/shared/money"
)

// price is the price list of this suite.
func price(minerType string) money.Amount {
	return map[string]money.Amount{"small": 50, "middle": 90, "large": 200}[minerType]
}

func slotOf(number int64, minerType string) ledger.Slot {
	return ledger.Slot{Account: "a", Pool: "pool", Number: number, MinerType: minerType}
}

func (b *book) buy(t *testing.T, s ledger.Slot) {
	t.Helper()
	must(t, b.BuySlot(t.Context(), s, price))
}

func slotOnce(t *testing.T, b *book) {
	b.post(t, gift("a", "gift", 1000))
	b.buy(t, slotOf(0, "small"))
	b.buy(t, slotOf(0, "small")) // delivered twice
	entries := b.wantSound(t, "a", 2, 950)
	if e := entries[0]; e.Kind != ledger.KindSlot || e.Pool != "pool" || e.Slot != 0 || e.MinerType != "small" || e.Amount != -50 {
		t.Errorf("booked as %+v", e)
	}
	b.buy(t, slotOf(1, "small")) // another slot
	other := slotOf(0, "small")
	other.Pool = "another"
	b.buy(t, other)
	b.wantSound(t, "a", 4, 850)
	b.buy(t, slotOf(0, "small")) // delivered late
	b.wantSound(t, "a", 4, 850)
}

func slotDearer(t *testing.T, b *book) {
	b.post(t, gift("a", "gift", 1000))
	for _, row := range []struct {
		minerType string
		want      money.Amount
	}{
		{"middle", 910}, // 90
		{"small", 910},  // cheaper: nothing, and nothing back
		{"large", 800},  // 110 more
		{"middle", 800}, // bought before
		{"small", 800},
		{"large", 800},
	} {
		b.buy(t, slotOf(0, row.minerType))
		head, err := b.Head(t.Context(), "a")
		must(t, err)
		if head.Balance != row.want {
			t.Fatalf("after %s there are %d left, want %d", row.minerType, head.Balance, row.want)
		}
	}
	b.wantSound(t, "a", 4, 800)
}

func slotEarned(t *testing.T, b *book) {
	b.post(t, gift("a", "gift", 1000))
	b.buy(t, slotOf(0, "small"))
	for height := range int64(3) {
		b.post(t, ledger.Entry{
			Account: "a", Key: key("reward/chain/", height), Kind: ledger.KindReward, Amount: 7,
			Pool: "pool", Slot: 0, Chain: "chain", Height: height,
		})
	}
	b.buy(t, slotOf(0, "large"))
	b.wantSound(t, "a", 6, 1000-200+21)
}

func slotFunded(t *testing.T, b *book) {
	b.post(t, gift("a", "gift", 60))
	b.buy(t, slotOf(0, "small"))
	wantInsufficient(t, "a second slot", b.BuySlot(t.Context(), slotOf(1, "small"), price))
	wantInsufficient(t, "a dearer type", b.BuySlot(t.Context(), slotOf(0, "large"), price))
	b.buy(t, slotOf(0, "small")) // what is bought stays bought, however poor the owner
	b.wantSound(t, "a", 2, 10)
	b.post(t, gift("a", "more", 40))
	b.buy(t, slotOf(1, "small"))
	b.wantSound(t, "a", 4, 0)
	b.buy(t, slotOf(1, "small"))
	b.wantSound(t, "a", 4, 0)
}

func slotTypesAtOnce(t *testing.T, b *book) {
	b.post(t, gift("a", "gift", 1000))
	types := []string{"small", "middle", "large"}
	atOnce(9, func(i int) {
		if err := b.BuySlot(t.Context(), slotOf(0, types[i%3]), price); err != nil {
			t.Errorf("%s: %v", types[i%3], err)
		}
	})
	b.wantSound(t, "a", 4, 800)
}

func slotAtOnce(t *testing.T, b *book) {
	b.post(t, gift("a", "gift", 1000))
	atOnce(12, func(i int) {
		if err := b.BuySlot(t.Context(), slotOf(int64(i%3), "small"), price); err != nil {
			t.Errorf("slot %d: %v", i%3, err)
		}
	})
	b.wantSound(t, "a", 4, 850)
}

func slotsPoor(t *testing.T, b *book) {
	b.post(t, gift("a", "gift", 170))
	var bought atomic.Int64
	atOnce(8, func(i int) {
		switch err := b.BuySlot(t.Context(), slotOf(int64(i), "small"), price); {
		case err == nil:
			bought.Add(1)
		case fault.KindOf(err) != fault.Exhausted:
			t.Errorf("slot %d: %v", i, err)
		}
	})
	if bought.Load() != 3 {
		t.Errorf("%d slots were bought with 170, want 3 of 50 each", bought.Load())
	}
	b.wantSound(t, "a", 4, 20)
}
