package ledgertest

import (
	"context"
	"sync/atomic"
	"testing"

	"onex.io/onex/shared/fault"
	"onex.io/onex/shared/ledger"
	"onex.io/onex/shared/money"
)

// price is the price list of this suite.
func price(minerType string) money.Amount {
	return map[string]money.Amount{"tiny": 10, "small": 50, "middle": 90, "large": 200, "palace": 1_000_000}[minerType]
}

func terms(limit int64) ledger.Terms {
	return ledger.Terms{Price: price, Limit: func(context.Context) (int64, error) { return limit, nil }}
}

func slotOf(number int64, minerType string) ledger.Slot { return slotIn("pool", number, minerType) }

func slotIn(pool string, number int64, minerType string) ledger.Slot {
	return ledger.Slot{Account: "a", Pool: pool, Number: number, MinerType: minerType}
}

func (b *book) buy(t *testing.T, s ledger.Slot) error { return b.buyOf(t, s, 1000) }

// buyOf buys a slot of so many that the account may have.
func (b *book) buyOf(t *testing.T, s ledger.Slot, limit int64) error {
	return b.insist(func() error { return b.BuySlot(t.Context(), s, terms(limit)) })
}

func slotOnce(t *testing.T, b *book) {
	b.credit(t, gift("a", "gift", 1000), true)
	must(t, b.buy(t, slotOf(0, "small")))
	must(t, b.buy(t, slotOf(0, "small"))) // delivered twice
	entries := b.wantSound(t, "a", 2, 950)
	if e := entries[0]; e.Kind != ledger.KindSlot || e.Pool != "pool" || e.Slot != 0 || e.MinerType != "small" || e.Amount != -50 {
		t.Errorf("booked as %+v", e)
	}
	must(t, b.buy(t, slotOf(1, "small"))) // another slot
	must(t, b.buy(t, slotIn("another", 0, "small")))
	b.wantSound(t, "a", 4, 850)
	must(t, b.buy(t, slotOf(0, "small"))) // delivered late
	b.wantSound(t, "a", 4, 850)
}

func slotDearer(t *testing.T, b *book) {
	b.credit(t, gift("a", "gift", 1000), true)
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
		must(t, b.buy(t, slotOf(0, row.minerType)))
		if got := b.account(t, "a").Balance; got != row.want {
			t.Fatalf("after %s there are %d left, want %d", row.minerType, got, row.want)
		}
	}
	b.wantSound(t, "a", 4, 800)
}

// reward is what a block of the first slot of the pool earns.
func reward(height int64, pool string) ledger.Entry {
	return ledger.Entry{
		Account: "a", Key: key("reward/chain/", height), Kind: ledger.KindReward, Amount: 1,
		Pool: pool, Slot: 0, Chain: "chain", Height: height,
	}
}

func slotEarned(t *testing.T, b *book) {
	b.credit(t, gift("a", "gift", 1000), true)
	must(t, b.buy(t, slotOf(0, "small")))
	for height := range int64(3) {
		b.credit(t, reward(height, "pool"), true)
	}
	must(t, b.buy(t, slotOf(0, "large")))
	b.wantSound(t, "a", 6, 1000-200+3)
}

func slotFunded(t *testing.T, b *book) {
	b.credit(t, gift("a", "gift", 60), true)
	must(t, b.buy(t, slotOf(0, "small")))
	wantRefused(t, "a second slot", b.buy(t, slotOf(1, "small")), ledger.ErrInsufficient)
	wantRefused(t, "a dearer type", b.buy(t, slotOf(0, "large")), ledger.ErrInsufficient)
	must(t, b.buy(t, slotOf(0, "small"))) // what is bought stays bought, however poor the owner
	b.wantSound(t, "a", 2, 10)
	b.credit(t, gift("a", "more", 40), true)
	must(t, b.buy(t, slotOf(1, "small")))
	b.wantSound(t, "a", 4, 0)
	must(t, b.buy(t, slotOf(1, "small")))
	b.wantSound(t, "a", 4, 0)
}

// What a reconciler asks for in the life of a pool: every new Miner buys its slot again.
func slotBounce(t *testing.T, b *book) {
	b.credit(t, gift("a", "gift", 1000), true)
	pool := func(size int64, minerType string) {
		for slot := range size {
			must(t, b.buy(t, slotOf(slot, minerType)))
		}
	}
	pool(3, "small")
	for range 100 {
		must(t, b.buy(t, slotOf(1, "small")))
		must(t, b.buy(t, slotOf(2, "small")))
	}
	b.wantSound(t, "a", 4, 850)
	pool(5, "small")
	pool(3, "small")
	pool(5, "small")
	b.wantSound(t, "a", 6, 750)
	pool(5, "tiny") // cheaper
	pool(5, "small")
	b.wantSound(t, "a", 11, 750)
	pool(5, "middle") // dearer
	pool(5, "middle")
	b.wantSound(t, "a", 16, 550)
	if got := b.account(t, "a").Slots; got != 5 {
		t.Errorf("%d slots are paid, want 5", got)
	}
}

func slotTypesAtOnce(t *testing.T, b *book) {
	b.credit(t, gift("a", "gift", 1000), true)
	types := []string{"small", "middle", "large"}
	atOnce(9, func(i int) {
		if err := b.buy(t, slotOf(0, types[i%3])); err != nil {
			t.Errorf("%s: %v", types[i%3], err)
		}
	})
	b.wantSound(t, "a", 4, 800)
}

func slotAtOnce(t *testing.T, b *book) {
	b.credit(t, gift("a", "gift", 1000), true)
	atOnce(12, func(i int) {
		if err := b.buy(t, slotOf(int64(i%3), "small")); err != nil {
			t.Errorf("slot %d: %v", i%3, err)
		}
	})
	b.wantSound(t, "a", 4, 850)
}

func slotsPoor(t *testing.T, b *book) {
	b.credit(t, gift("a", "gift", 170), true)
	if bought := b.rush(t, 1000); bought != 3 {
		t.Errorf("%d slots were bought with 170, want 3 of 50 each", bought)
	}
	b.wantSound(t, "a", 4, 20)
}

// rush tries to buy eight slots at once and tells how many were bought.
func (b *book) rush(t *testing.T, limit int64) int64 {
	t.Helper()
	var bought atomic.Int64
	ledgers := []*ledger.Ledger{b.Ledger, b.another(t)}
	atOnce(8, func(i int) {
		switch err := b.insist(func() error { return ledgers[i%2].BuySlot(t.Context(), slotOf(int64(i), "small"), terms(limit)) }); {
		case err == nil:
			bought.Add(1)
		case fault.KindOf(err) != fault.Exhausted:
			t.Errorf("slot %d: %v", i, err)
		}
	})
	return bought.Load()
}
