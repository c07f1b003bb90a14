// Package ledgertest is the conformance suite of shared/ledger: that money neither appears nor vanishes, whoever
// writes at once. Run it against every server that the platform is to stand on.
package ledgertest

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"

	"onex.io/onex/shared/fault"
	"onex.io/onex/shared/ledger"
	"onex.io/onex/shared/money"
)

// Run runs the suite in databases of its own, each named after db.
func Run(t *testing.T, db *mongo.Database) {
	for name, test := range map[string]func(*testing.T, *book){
		"an empty account has nothing":                                        empty,
		"an entry delivered twice is booked once":                             twice,
		"an entry delivered late changes nothing":                             late,
		"one key is one effect, whatever the account":                         oneKey,
		"a balance is never negative":                                         neverNegative,
		"what was too dear is booked once there is money":                     fundedLater,
		"a charge delivered again is booked though the money is gone since":   chargedAgain,
		"an amount that fits into no wallet is refused":                       tooLarge,
		"entries are read downwards by pages":                                 pages,
		"the head is found after a thousand entries":                          longAccount,
		"a store that was set back is gone on from where it stands":           setBack,
		"of two who write one key at once one wins":                           sameKeyAtOnce,
		"many who write at once lose nothing and leave no gap":                manyAtOnce,
		"many who spend at once never spend more than there is":               spendAtOnce,
		"accounts do not disturb each other":                                  manyAccounts,
		"two ledgers of one store are one":                                    twoLedgers,
		"a slot is charged once per pool, slot and type":                      slotOnce,
		"a dearer type costs the difference, a cheaper one nothing":           slotDearer,
		"what a slot has earned does not change what a dearer type costs":     slotEarned,
		"a slot that cannot be paid is bought once there is money":            slotFunded,
		"one slot bought at once for many types costs the dearest":            slotTypesAtOnce,
		"one slot bought at once many times is charged once":                  slotAtOnce,
		"many slots bought at once by a poor owner are as many as are funded": slotsPoor,
	} {
		t.Run(name, func(t *testing.T) { test(t, open(t, db)) })
	}
}

// book is a ledger that no other test uses.
type book struct {
	*ledger.Ledger
	db *mongo.Database
}

func clock() time.Time { return time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC) }

func open(t *testing.T, db *mongo.Database) *book {
	t.Helper()
	own := db.Client().Database(db.Name() + "-" + bson.NewObjectID().Hex())
	t.Cleanup(func() { _ = own.Drop(context.WithoutCancel(t.Context())) })
	l, err := ledger.Open(t.Context(), own, clock)
	must(t, err)
	return &book{Ledger: l, db: own}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func gift(account, key string, amount money.Amount) ledger.Entry {
	return ledger.Entry{Account: account, Key: key, Kind: ledger.KindGift, Amount: amount}
}

// post books e and tells whether it was new.
func (b *book) post(t *testing.T, e ledger.Entry) bool {
	t.Helper()
	posted, err := b.Post(t.Context(), e)
	must(t, err)
	return posted
}

func wantInsufficient(t *testing.T, what string, err error) {
	t.Helper()
	if err == nil || fault.KindOf(err) != fault.Exhausted || fault.ReasonOf(err) != ledger.ErrInsufficient {
		t.Errorf("%s: got %v, want %s", what, err, ledger.ErrInsufficient)
	}
}

// wantSound reads the whole account and wants count entries numbered without a gap, each with the sum of those up to
// it, never below zero, and want at the end.
func (b *book) wantSound(t *testing.T, account string, count int64, want money.Amount) []ledger.Entry {
	t.Helper()
	head, err := b.Head(t.Context(), account)
	must(t, err)
	if head.Number != count || head.Balance != want {
		t.Errorf("%s has %d entries and %s OX, want %d and %s", account, head.Number, head.Balance, count, want)
	}
	down, err := b.Entries(t.Context(), account, head.Number, int(head.Number)+1)
	must(t, err)
	var sum money.Amount
	keys := map[string]bool{}
	for i := len(down) - 1; i >= 0; i-- {
		e := down[i]
		sum += e.Amount
		if number := int64(len(down) - i); e.Number != number || e.Account != account {
			t.Errorf("entry %d of %s is numbered %d of %s", number, account, e.Number, e.Account)
		}
		if e.Balance != sum || sum < 0 {
			t.Errorf("entry %d of %s says %s OX, the sum is %s", e.Number, account, e.Balance, sum)
		}
		if keys[e.Key] {
			t.Errorf("key %q is booked twice", e.Key)
		}
		keys[e.Key] = true
	}
	if int64(len(down)) != head.Number {
		t.Errorf("%s has %d entries, its head is number %d", account, len(down), head.Number)
	}
	return down
}

// atOnce runs f in n goroutines.
func atOnce(n int, f func(i int)) {
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() { f(i) })
	}
	wg.Wait()
}

func key(parts ...any) string { return fmt.Sprint(parts...) }
