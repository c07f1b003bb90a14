package ledgertest

import (
	"testing"

	"onex.io/onex/shared/ledger"
	"onex.io/onex/shared/money"
)

const many = 40_000

// exactly counts what each operation sends when the ledger is long, in a process that knows nothing yet.
func exactly(t *testing.T, b *book) {
	if b.lossy {
		t.Skip("what is repeated cannot be counted")
	}
	b.fill(t)
	for _, row := range []struct {
		name          string
		reads, writes int // at most
		do            func(*ledger.Ledger) error
	}{
		{"a balance", 2, 0, func(l *ledger.Ledger) error { _, err := l.Account(t.Context(), "a"); return err }},
		{"a reward", 1, 2, func(l *ledger.Ledger) error { _, err := l.Credit(t.Context(), reward(-1, "pool")); return err }},
		{"a reward again", 2, 1, func(l *ledger.Ledger) error { _, err := l.Credit(t.Context(), reward(-1, "pool")); return err }},
		{"a slot of a new pool", 2, 4, func(l *ledger.Ledger) error { return l.BuySlot(t.Context(), slotOf(0, "small"), terms(9)) }},
		{"another slot", 2, 3, func(l *ledger.Ledger) error { return l.BuySlot(t.Context(), slotOf(1, "small"), terms(9)) }},
		{"a dearer type", 3, 3, func(l *ledger.Ledger) error { return l.BuySlot(t.Context(), slotOf(0, "large"), terms(9)) }},
		{"a slot again", 2, 0, func(l *ledger.Ledger) error { return l.BuySlot(t.Context(), slotOf(1, "small"), terms(9)) }},
		{"a slot beyond the funds", 3, 0, func(l *ledger.Ledger) error {
			wantRefused(t, "a palace", l.BuySlot(t.Context(), slotOf(2, "palace"), terms(9)), ledger.ErrInsufficient)
			return nil
		}},
		{"a slot beyond the quota", 3, 0, func(l *ledger.Ledger) error {
			wantRefused(t, "a slot", l.BuySlot(t.Context(), slotOf(2, "small"), terms(2)), ledger.ErrQuota)
			return nil
		}},
		{"ten entries", 10, 0, func(l *ledger.Ledger) error { _, err := l.Entries(t.Context(), "a", many, 10); return err }},
	} {
		fresh := b.another(t)
		reads, writes, scans := b.traffic.counted(func() { must(t, row.do(fresh)) })
		if reads > row.reads || writes > row.writes || len(scans) > 0 {
			t.Errorf("%s: %d reads and %d writes, want at most %d and %d; scans: %v", row.name, reads, writes, row.reads, row.writes, scans)
		}
	}
	if a := b.account(t, "a"); a.Number != many+4 || a.Balance != many+1-250 || a.Slots != 2 {
		t.Errorf("the account is %+v", a)
	}
}

// fill books forty thousand entries of one, in bulk.
func (b *book) fill(t *testing.T) {
	t.Helper()
	for from := int64(1); from <= many; from += 10_000 {
		var batch []any
		for n := from; n < from+10_000; n++ {
			e := reward(n, "")
			e.ID, e.Number, e.Balance, e.At = key("a/", n), n, money.Amount(n), clock()
			batch = append(batch, e)
		}
		_, err := b.db.Collection("ledger").InsertMany(t.Context(), batch)
		must(t, err)
	}
	_, err := b.db.Collection("accounts").InsertOne(t.Context(), ledger.Account{ID: "a", Number: many, Balance: many, Earned: many})
	must(t, err)
}
