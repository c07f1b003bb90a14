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
	head, err := b.Head(t.Context(), "a")
	must(t, err)
	if head.Number != 0 || head.Balance != 0 || head.Account != "a" {
		t.Errorf("got %+v", head)
	}
	entries, err := b.Entries(t.Context(), "a", head.Number, 10)
	if err != nil || len(entries) != 0 {
		t.Errorf("got %v, %v", entries, err)
	}
}

func twice(t *testing.T, b *book) {
	if !b.post(t, gift("a", "gift/a", 1000)) {
		t.Error("the first delivery was not booked")
	}
	if b.post(t, gift("a", "gift/a", 1000)) {
		t.Error("the second delivery was booked")
	}
	entries := b.wantSound(t, "a", 1, 1000)
	if e := entries[0]; e.Kind != ledger.KindGift || e.Key != "gift/a" || !e.At.Equal(clock()) {
		t.Errorf("booked as %+v", e)
	}
}

func late(t *testing.T, b *book) {
	for _, k := range []string{"3", "1", "2"} { // out of order
		b.post(t, gift("a", k, 10))
	}
	for _, k := range []string{"1", "3", "2"} { // and all again, late
		if b.post(t, gift("a", k, 10)) {
			t.Errorf("entry %s was booked again", k)
		}
	}
	b.wantSound(t, "a", 3, 30)
}

// A block that is settled again after a reorganization may have another owner.
func oneKey(t *testing.T, b *book) {
	b.post(t, gift("a", "reward/chain/7", 10))
	if b.post(t, gift("b", "reward/chain/7", 10)) {
		t.Error("the same effect was booked for another account")
	}
	b.wantSound(t, "a", 1, 10)
	b.wantSound(t, "b", 0, 0)
}

func neverNegative(t *testing.T, b *book) {
	_, err := b.Post(t.Context(), gift("a", "1", -1))
	wantInsufficient(t, "a charge to an empty account", err)
	b.post(t, gift("a", "2", 100))
	_, err = b.Post(t.Context(), gift("a", "3", -101))
	wantInsufficient(t, "one micro-OX too much", err)
	b.post(t, gift("a", "4", -100))
	_, err = b.Post(t.Context(), gift("a", "5", math.MinInt64))
	wantInsufficient(t, "as much as can be said", err)
	b.wantSound(t, "a", 2, 0)
}

func fundedLater(t *testing.T, b *book) {
	charge := gift("a", "charge", -50)
	_, err := b.Post(t.Context(), charge)
	wantInsufficient(t, "before", err)
	b.post(t, gift("a", "gift", 60))
	if !b.post(t, charge) {
		t.Error("the refused charge counts as booked")
	}
	b.wantSound(t, "a", 2, 10)
}

func chargedAgain(t *testing.T, b *book) {
	b.post(t, gift("a", "gift", 50))
	b.post(t, gift("a", "charge", -50))
	posted, err := b.Post(t.Context(), gift("a", "charge", -50))
	if posted || err != nil {
		t.Errorf("got %v, %v: what is booked is booked", posted, err)
	}
	b.wantSound(t, "a", 2, 0)
}

func tooLarge(t *testing.T, b *book) {
	b.post(t, gift("a", "1", math.MaxInt64-1))
	b.post(t, gift("a", "2", 1))
	_, err := b.Post(t.Context(), gift("a", "3", 1))
	if fault.KindOf(err) != fault.Invalid || fault.ReasonOf(err) != "AmountTooLarge" {
		t.Errorf("got %v", err)
	}
	b.wantSound(t, "a", 2, math.MaxInt64)
}

func pages(t *testing.T, b *book) {
	for i := range 5 {
		b.post(t, gift("a", key(i), 1))
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
		page, err := b.Entries(t.Context(), "a", row.from, row.limit)
		must(t, err)
		var got []int64
		for _, e := range page {
			got = append(got, e.Number)
		}
		if key(got) != key(row.want) {
			t.Errorf("%s: got %v, want %v", row.name, got, row.want)
		}
	}
}

// The head is found by doubling and halving: every length around a power of two is a case of its own.
func longAccount(t *testing.T, b *book) {
	for i := range int64(1025) {
		b.post(t, gift("a", key(i), 2))
		switch n := i + 1; n {
		case 1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 63, 64, 65, 1000, 1023, 1024, 1025:
			if head, err := b.Head(t.Context(), "a"); err != nil || head.Number != n || head.Balance != money.Amount(2*n) {
				t.Errorf("after %d entries the head is %d with %d, %v", n, head.Number, head.Balance, err)
			}
		}
	}
	b.wantSound(t, "a", 1025, 2050)
}

// A backup that is restored has fewer entries than a running process remembers.
func setBack(t *testing.T, b *book) {
	for i := range 9 {
		b.post(t, gift("a", key(i), 1))
	}
	_, err := b.db.Collection("ledger").DeleteMany(t.Context(), bson.D{{Key: "number", Value: bson.D{{Key: "$gt", Value: 3}}}})
	must(t, err)
	b.post(t, gift("a", "anew", 1))
	b.wantSound(t, "a", 4, 4)
}
