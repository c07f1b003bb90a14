package ledgertest

import (
	"math"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"

	"onex.io/onex/shared/fault"
	"onex.io/onex/shared/ledger"
	"onex.io/onex/shared/money"
)

func empty(t *testing.T, b *book) {
	if a := b.account(t, "a"); a.Number != 0 || a.Balance != 0 || a.ID != "a" {
		t.Errorf("got %+v", a)
	}
	if entries := b.entries(t, "a", 0, 10); len(entries) != 0 {
		t.Errorf("got %v", entries)
	}
}

func twice(t *testing.T, b *book) {
	b.credit(t, gift("a", "gift/a", 1000), true)
	b.credit(t, gift("a", "gift/a", 1000), false)
	entries := b.wantSound(t, "a", 1, 1000)
	if e := entries[0]; e.Kind != ledger.KindGift || e.Key != "gift/a" || !e.At.Equal(clock()) {
		t.Errorf("booked as %+v", e)
	}
}

func late(t *testing.T, b *book) {
	for _, k := range []string{"3", "1", "2"} { // out of order
		b.credit(t, gift("a", k, 10), true)
	}
	for _, k := range []string{"1", "3", "2"} { // and all again, late
		b.credit(t, gift("a", k, 10), false)
	}
	b.wantSound(t, "a", 3, 30)
}

// A block that is settled again after a reorganization may have another owner.
func oneKey(t *testing.T, b *book) {
	b.credit(t, gift("a", "reward/chain/7", 10), true)
	b.credit(t, gift("b", "reward/chain/7", 10), false)
	b.wantSound(t, "a", 1, 10)
	b.wantSound(t, "b", 0, 0)
}

func negative(t *testing.T, b *book) {
	b.credit(t, gift("a", "gift", 100), true)
	for _, amount := range []money.Amount{-1, math.MinInt64} {
		if _, err := b.Credit(t.Context(), gift("a", "theft", amount)); fault.KindOf(err) != fault.Invalid {
			t.Errorf("%d: got %v", amount, err)
		}
	}
	b.wantSound(t, "a", 1, 100)
}

func neverNegative(t *testing.T, b *book) {
	wantRefused(t, "a slot on an empty account", b.buy(t, slotOf(0, "small")), ledger.ErrInsufficient)
	b.credit(t, gift("a", "1", 49), true)
	wantRefused(t, "one micro-OX too little", b.buy(t, slotOf(0, "small")), ledger.ErrInsufficient)
	b.credit(t, gift("a", "2", 1), true)
	must(t, b.buy(t, slotOf(0, "small")))
	wantRefused(t, "a second slot", b.buy(t, slotOf(1, "small")), ledger.ErrInsufficient)
	b.wantSound(t, "a", 3, 0)
}

func tooLarge(t *testing.T, b *book) {
	b.credit(t, gift("a", "1", math.MaxInt64-1), true)
	b.credit(t, gift("a", "2", 1), true)
	_, err := b.ask(t, gift("a", "3", 1))
	if fault.KindOf(err) != fault.Invalid || fault.ReasonOf(err) != "AmountTooLarge" {
		t.Errorf("got %v", err)
	}
	b.wantSound(t, "a", 2, math.MaxInt64)
}

func pages(t *testing.T, b *book) {
	for i := range 5 {
		b.credit(t, gift("a", key(i), 1), true)
	}
	for _, row := range []struct {
		name  string
		from  int64
		limit int
		want  []int64
	}{
		{"the newest two", 5, 2, []int64{5, 4}},
		{"the rest", 3, 10, []int64{3, 2, 1}},
		{"none", 5, 0, nil},
		{"below the first", 0, 10, nil},
	} {
		var got []int64
		for _, e := range b.entries(t, "a", row.from, row.limit) {
			got = append(got, e.Number)
		}
		if key(got) != key(row.want) {
			t.Errorf("%s: got %v, want %v", row.name, got, row.want)
		}
	}
}

// Whatever is kept beside the entries can be lost: the entries tell it again.
func stateLost(t *testing.T, b *book) {
	b.credit(t, gift("a", "gift", 1000), true)
	for i := range int64(70) { // past a stride
		b.credit(t, reward(i, "pool"), true)
	}
	must(t, b.buy(t, slotOf(0, "small")))
	must(t, b.buy(t, slotOf(0, "large")))
	want := b.account(t, "a")
	b.forget(t, "accounts", "purchases", "pools")
	if got := b.account(t, "a"); key(got) != key(want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
	b.forget(t, "accounts", "purchases", "pools")
	must(t, b.buy(t, slotOf(0, "small"))) // bought before, and known by nothing but its entry
	b.wantSound(t, "a", 73, 1000-200+70)
	b.wantOpen(t, "pool")
}

// forget empties collections.
func (b *book) forget(t *testing.T, names ...string) {
	t.Helper()
	for _, name := range names {
		must(t, b.insist(func() error {
			_, err := b.db.Collection(name).DeleteMany(t.Context(), bson.D{})
			if err != nil {
				return fault.New(fault.Busy, "Lost", "%w", err)
			}
			return nil
		}))
	}
}

// A slow writer may put an older state over a newer one.
func stateLate(t *testing.T, b *book) {
	b.credit(t, gift("a", "gift", 1000), true)
	old := b.account(t, "a")
	must(t, b.buy(t, slotOf(0, "small")))
	b.credit(t, reward(1, "pool"), true)
	want := b.account(t, "a")
	for name, next := range map[string]func(){
		"read":                 func() {},
		"bought again":         func() { must(t, b.buy(t, slotOf(0, "small"))) },
		"credited again":       func() { b.credit(t, reward(1, "pool"), false) },
		"refused":              func() { wantRefused(t, "a slot", b.buy(t, slotIn("vast", 0, "palace")), ledger.ErrInsufficient) },
		"refused for too many": func() { wantRefused(t, "a slot", b.buyOf(t, slotOf(1, "small"), 1), ledger.ErrQuota) },
	} {
		must(t, b.insist(func() error {
			_, err := b.db.Collection("accounts").ReplaceOne(t.Context(), bson.D{{Key: "_id", Value: "a"}}, old)
			if err != nil {
				return fault.New(fault.Busy, "Lost", "%w", err)
			}
			return nil
		}))
		next()
		if got := b.account(t, "a"); key(got) != key(want) {
			t.Errorf("%s: got %+v, want %+v", name, got, want)
		}
	}
}

// A backup that is restored has fewer entries than a running process has seen.
func setBack(t *testing.T, b *book) {
	var third ledger.Account
	for i := range 9 {
		b.credit(t, gift("a", key(i), 1), true)
		if i == 2 {
			third = b.account(t, "a")
		}
	}
	must(t, b.insist(func() error {
		_, err := b.db.Collection("ledger").DeleteMany(t.Context(), bson.D{{Key: "number", Value: bson.D{{Key: "$gt", Value: 3}}}})
		if err == nil {
			_, err = b.db.Collection("accounts").ReplaceOne(t.Context(), bson.D{{Key: "_id", Value: "a"}}, third)
		}
		if err != nil {
			return fault.New(fault.Busy, "Lost", "%w", err)
		}
		return nil
	}))
	b.credit(t, gift("a", "anew", 1), true)
	b.wantSound(t, "a", 4, 4)
}
