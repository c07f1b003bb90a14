// Package ledgertest is the conformance suite of shared/ledger: that money neither appears nor vanishes, whoever
// writes at once, dies, or waits for an answer in vain. Run it against every server that the platform is to stand on.
package ledgertest

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"onex.io/onex/shared/fault"
	"onex.io/onex/shared/ledger"
	"onex.io/onex/shared/money"
)

// Server is what the suite runs against.
type Server struct {
	URI string
	// Lossy says that answers get lost on the way, as behind a Proxy. Callers then repeat what they asked for, and
	// nobody can tell a first booking from its repeat.
	Lossy bool
}

// Run runs the suite in databases of its own.
func Run(t *testing.T, s Server) {
	for name, test := range map[string]func(*testing.T, *book){
		"an empty account has nothing":                                        empty,
		"an entry delivered twice is booked once":                             twice,
		"an entry delivered late changes nothing":                             late,
		"one key is one effect, whatever the account":                         oneKey,
		"an income below nothing is refused":                                  negative,
		"a balance is never negative":                                         neverNegative,
		"an amount that fits into no wallet is refused":                       tooLarge,
		"an income that filled a wallet is no error when it is repeated":      repeatWhenFull,
		"entries are read downwards by pages":                                 pages,
		"a state that is lost is told again by the entries":                   stateLost,
		"a state that is late is brought up":                                  stateLate,
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
		"two hundred replacements and a bounce cost the slots bought":         slotBounce,
		"one slot bought at once for many types costs the dearest":            slotTypesAtOnce,
		"one slot bought at once many times is charged once":                  slotAtOnce,
		"many slots bought at once by a poor owner are as many as are funded": slotsPoor,
		"a quota is kept whoever buys at once":                                quotaAtOnce,
		"a slot that is paid needs no quota for another type":                 quotaOfTypes,
		"a pool that is released gives its places back, and no money":         releaseOnce,
		"a pool released at once by many is released once":                    releaseAtOnce,
		"a pool that buys after its release is open again":                    releaseReopened,
		"rewards are summed by account and by open pool":                      earned,
		"whoever dies after any write has bought the slot once or not at all": deaths,
		"a pool whose opening was broken off is released":                     releaseAfterDeath,
		"with forty thousand entries all is read by exact _id":                exactly,
	} {
		t.Run(name, func(t *testing.T) { test(t, open(t, s)) })
	}
}

// book is a ledger that no other test uses.
type book struct {
	*ledger.Ledger
	db      *mongo.Database
	lossy   bool
	traffic *traffic
}

func clock() time.Time { return time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC) }

func open(t *testing.T, s Server) *book {
	t.Helper()
	b := &book{lossy: s.Lossy, traffic: &traffic{}}
	client, err := mongo.Connect(options.Client().ApplyURI(s.URI).SetTimeout(30 * time.Second).SetMonitor(b.traffic.monitor()))
	must(t, err)
	b.db = client.Database("ledger-" + bson.NewObjectID().Hex())
	t.Cleanup(func() {
		ctx := context.WithoutCancel(t.Context())
		_ = b.db.Drop(ctx)
		_ = client.Disconnect(ctx)
	})
	b.Ledger = b.another(t)
	return b
}

// another is the ledger as a process sees it that has just started.
func (b *book) another(t *testing.T) *ledger.Ledger {
	t.Helper()
	var l *ledger.Ledger
	must(t, b.insist(func() (err error) {
		l, err = ledger.Open(t.Context(), b.db, clock)
		return err
	}))
	return l
}

// insist repeats what was asked for while the answer gets lost, as every caller of the platform does.
func (b *book) insist(ask func() error) error {
	for range 100 {
		if err := ask(); err == nil || !b.lossy || fault.KindOf(err) != fault.Busy {
			return err
		}
	}
	return fmt.Errorf("100 answers in a row were lost")
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

// ask credits e and tells whether it was new.
func (b *book) ask(t *testing.T, e ledger.Entry) (booked bool, err error) {
	err = b.insist(func() error {
		now, err := b.Ledger.Credit(t.Context(), e)
		booked = booked || now
		return err
	})
	return booked, err
}

// credit wants e to be booked now, or to have been booked before.
func (b *book) credit(t *testing.T, e ledger.Entry, want bool) {
	t.Helper()
	booked, err := b.ask(t, e)
	must(t, err)
	if booked != want && !b.lossy {
		t.Errorf("%s: booked %t, want %t", e.Key, booked, want)
	}
}

func wantRefused(t *testing.T, what string, err error, reason string) {
	t.Helper()
	if err == nil || fault.KindOf(err) != fault.Exhausted || fault.ReasonOf(err) != reason {
		t.Errorf("%s: got %v, want %s", what, err, reason)
	}
}

func (b *book) account(t *testing.T, name string) (a ledger.Account) {
	t.Helper()
	must(t, b.insist(func() (err error) {
		a, err = b.Account(t.Context(), name)
		return err
	}))
	return a
}

func (b *book) entries(t *testing.T, account string, from int64, limit int) (page []ledger.Entry) {
	t.Helper()
	must(t, b.insist(func() (err error) {
		page, err = b.Entries(t.Context(), account, from, limit)
		return err
	}))
	return page
}

// wantSound reads the whole account and wants count entries numbered without a gap, each with the sum of those up to
// it, never below zero, and want at the end.
func (b *book) wantSound(t *testing.T, account string, count int64, want money.Amount) []ledger.Entry {
	t.Helper()
	a := b.account(t, account)
	if a.Number != count || a.Balance != want {
		t.Errorf("%s has %d entries and %s OX, want %d and %s", account, a.Number, a.Balance, count, want)
	}
	down := b.entries(t, account, a.Number, int(a.Number)+1)
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
	if int64(len(down)) != a.Number {
		t.Errorf("%s has %d entries, its last is number %d", account, len(down), a.Number)
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
