package ledgertest

import (
	"testing"

	"onex.io/onex/shared/ledger"
	"onex.io/onex/shared/money"
)

func (b *book) wantSlots(t *testing.T, want int64) {
	t.Helper()
	if got := b.account(t, "a").Slots; got != want {
		t.Errorf("%d slots count, want %d", got, want)
	}
}

// wantOpen wants just these pools to be open.
func (b *book) wantOpen(t *testing.T, want ...string) {
	t.Helper()
	var pools []ledger.OpenPool
	must(t, b.insist(func() (err error) {
		pools, err = b.OpenPools(t.Context())
		return err
	}))
	var got []string
	for _, p := range pools {
		got = append(got, p.ID)
		if p.Account != "a" {
			t.Errorf("pool %q is of %q", p.ID, p.Account)
		}
	}
	if key(got) != key(want) {
		t.Errorf("open pools %v, want %v", got, want)
	}
}

func (b *book) release(t *testing.T, pool string, want bool) {
	t.Helper()
	released := false
	must(t, b.insist(func() error {
		now, err := b.Release(t.Context(), ledger.OpenPool{ID: pool, Account: "a"})
		released = released || now
		return err
	}))
	if released != want && !b.lossy {
		t.Errorf("release of %q: %t, want %t", pool, released, want)
	}
}

func quotaAtOnce(t *testing.T, b *book) {
	b.credit(t, gift("a", "gift", 1000), true)
	if bought := b.rush(t, 3); bought != 3 {
		t.Errorf("%d slots were bought of 3 that are allowed", bought)
	}
	b.wantSlots(t, 3)
	b.wantSound(t, "a", 4, 850)
	wantRefused(t, "one more", b.buyOf(t, slotIn("other", 0, "small"), 3), ledger.ErrQuota)
	must(t, b.buyOf(t, slotIn("other", 0, "small"), 4)) // it was raised
	wantRefused(t, "one more than is allowed", b.buyOf(t, slotIn("other", 1, "small"), 4), ledger.ErrQuota)
	b.wantSound(t, "a", 5, 800)
}

func quotaOfTypes(t *testing.T, b *book) {
	b.credit(t, gift("a", "gift", 1000), true)
	must(t, b.buyOf(t, slotOf(0, "small"), 1))
	must(t, b.buyOf(t, slotOf(0, "large"), 1))
	must(t, b.buyOf(t, slotOf(0, "small"), 0)) // lowered: what is paid stays paid
	b.wantSlots(t, 1)
	b.wantSound(t, "a", 3, 800)
}

func releaseOnce(t *testing.T, b *book) {
	b.credit(t, gift("a", "gift", 1000), true)
	b.release(t, "pool", false) // never opened
	for slot := range int64(3) {
		must(t, b.buy(t, slotOf(slot, "small")))
	}
	must(t, b.buy(t, slotIn("other", 0, "small")))
	b.release(t, "pool", true)
	b.release(t, "pool", false) // delivered twice
	b.wantSlots(t, 1)
	b.wantOpen(t, "other")
	must(t, b.buyOf(t, slotOf(0, "small"), 1)) // paid is paid, and counts no more
	b.wantSlots(t, 1)
	b.wantSound(t, "a", 6, 800)
}

func releaseAtOnce(t *testing.T, b *book) {
	b.credit(t, gift("a", "gift", 1000), true)
	must(t, b.buy(t, slotOf(0, "small")))
	must(t, b.buy(t, slotIn("other", 0, "small")))
	ledgers := []*ledger.Ledger{b.Ledger, b.another(t)}
	atOnce(6, func(i int) {
		if err := b.insist(func() error {
			_, err := ledgers[i%2].Release(t.Context(), ledger.OpenPool{ID: "pool", Account: "a"})
			return err
		}); err != nil {
			t.Errorf("release: %v", err)
		}
	})
	b.wantSlots(t, 1)
	b.wantSound(t, "a", 4, 900)
}

func releaseReopened(t *testing.T, b *book) {
	b.credit(t, gift("a", "gift", 1000), true)
	must(t, b.buy(t, slotOf(0, "small")))
	b.release(t, "pool", true)
	must(t, b.buy(t, slotOf(1, "small"))) // somebody was late
	b.wantSlots(t, 1)
	b.wantOpen(t, "pool")
	b.release(t, "pool", true)
	b.wantSlots(t, 0)
	b.wantOpen(t)
	b.wantSound(t, "a", 5, 900)
}

func earned(t *testing.T, b *book) {
	b.credit(t, gift("a", "gift", 1000), true)
	must(t, b.buy(t, slotOf(0, "small")))
	must(t, b.buy(t, slotIn("other", 0, "small")))
	for height := range int64(5) {
		b.credit(t, reward(height, "pool"), true)
		b.credit(t, reward(height, "pool"), false)
	}
	b.credit(t, reward(5, "other"), true)
	b.wantEarned(t, 6, map[string]money.Amount{"pool": 5, "other": 1})
	b.release(t, "pool", true)
	b.credit(t, reward(6, "pool"), true) // mined before the pool went, confirmed after
	b.wantEarned(t, 7, map[string]money.Amount{"other": 1})
}

func (b *book) wantEarned(t *testing.T, want money.Amount, pools map[string]money.Amount) {
	t.Helper()
	a := b.account(t, "a")
	got := map[string]money.Amount{}
	for _, p := range a.Pools {
		got[p.ID] = p.Earned
	}
	if a.Earned != want || key(got) != key(pools) {
		t.Errorf("earned %d, by pool %v; want %d, %v", a.Earned, got, want, pools)
	}
}
