package wallet

import (
	"context"
	"testing"
	"time"

	cloudevents "github.com/cloudevents/sdk-go/v2"
	"github.com/google/go-cmp/cmp"

	"onex.io/onex/eventing"
	"onex.io/onex/shared/access"
	"onex.io/onex/shared/api/wallet"
	"onex.io/onex/shared/fault"
	"onex.io/onex/shared/identity"
	"onex.io/onex/shared/ledger"
	"onex.io/onex/shared/minertype"
	"onex.io/onex/shared/money"
)

func wantKind(t *testing.T, what string, err error, want fault.Kind) {
	t.Helper()
	if want == "" && err != nil || want != "" && (err == nil || fault.KindOf(err) != want) {
		t.Errorf("%s: got %v, want %q", what, err, want)
	}
}

// signedUp is grant-gift with one user who has signed up.
func signedUp() (*grantGift, *memory, people) {
	book, users := newMemory(), people{&shelf[identity.User]{docs: map[string]identity.User{"user-a": {ID: "user-a", Status: identity.Active, CreatedAt: noon}}}}
	return &grantGift{
		users: users, book: book.open, sweeps: &shelf[giftSweep]{docs: map[string]giftSweep{}},
		gift: 1000 * money.OX, now: func() time.Time { return noon },
	}, book, users
}

// people are users in memory.
type people struct{ *shelf[identity.User] }

func (p people) CreatedBetween(_ context.Context, from, to time.Time) ([]identity.User, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.away {
		return nil, fault.New(fault.Busy, "StoreAway", "away")
	}
	var found []identity.User
	for _, u := range p.docs {
		if !u.CreatedAt.Before(from) && u.CreatedAt.Before(to) {
			found = append(found, u)
		}
	}
	return found, nil
}

func created(t *testing.T, userID string) cloudevents.Event {
	t.Helper()
	e, err := eventing.New(eventing.UserCreated, "/users", "1", noon, eventing.UserCreatedData{UserID: userID})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func TestAUserGetsTheGiftOnce(t *testing.T) {
	f, book, _ := signedUp()
	for range 2 { // delivered twice
		wantKind(t, "the event", f.Handle(t.Context(), created(t, "user-a")), "")
	}
	if _, err := book.Credit(t.Context(), ledger.Entry{Account: "user-a", Key: "slot", Amount: -1000 * money.OX}); err != nil {
		t.Fatal(err)
	}
	wantKind(t, "the event, late", f.Handle(t.Context(), created(t, "user-a")), "")
	if got := book.balance("user-a"); got != 0 {
		t.Errorf("the user has %s OX: the gift was given again when it was spent", got)
	}
	want := ledger.Entry{Account: "user-a", Number: 1, Key: "gift/user-a", Kind: ledger.KindGift, Amount: 1000 * money.OX, Balance: 1000 * money.OX}
	if got := book.entries["user-a"][0]; got != want {
		t.Errorf("booked %+v, want %+v", got, want)
	}
}

func TestAnEventThatIsForgedOrBadGivesNothingToNobody(t *testing.T) {
	bad := created(t, "user-a")
	bad.SetDataContentType("text/plain")
	bad.DataEncoded = []byte("user-a")
	empty := created(t, "user-a")
	empty.DataEncoded = nil
	for _, row := range []struct {
		name string
		e    cloudevents.Event
		want fault.Kind
	}{
		{"somebody who never signed up", created(t, "user-forged"), ""},
		{"nobody", created(t, ""), ""},
		{"a payload that is no JSON", bad, fault.Invalid},
	} {
		f, book, _ := signedUp()
		wantKind(t, row.name, f.Handle(t.Context(), row.e), row.want)
		if len(book.entries) != 0 {
			t.Errorf("%s: booked %+v", row.name, book.entries)
		}
	}
	f, book, _ := signedUp()
	if _ = f.Handle(t.Context(), empty); len(book.entries) != 0 {
		t.Errorf("no payload: booked %+v", book.entries)
	}
}

func TestAGiftThatCannotBeGivenNowIsGivenLater(t *testing.T) {
	f, book, users := signedUp()
	users.away = true
	wantKind(t, "the store away", f.Handle(t.Context(), created(t, "user-a")), fault.Busy)
	users.away, book.away = false, true
	wantKind(t, "the ledger away", f.Handle(t.Context(), created(t, "user-a")), fault.Busy)
	book.away = false
	wantKind(t, "both back", f.Handle(t.Context(), created(t, "user-a")), "")
	if got := book.balance("user-a"); got != 1000*money.OX {
		t.Errorf("the user has %s OX", got)
	}
}

// shop is buy-slot with an owner who has so much.
func shop(funds money.Amount) (*buySlot, *memory, *shelf[signer]) {
	book, signers := newMemory(), &shelf[signer]{docs: map[string]signer{}}
	book.entries["user-a"] = []ledger.Entry{{Account: "user-a", Number: 1, Amount: funds, Balance: funds}}
	return &buySlot{book: book.open, signers: signers, limits: allowed(3), types: minertype.Default()}, book, signers
}

func slotRequest() *wallet.BuySlotRequest {
	return &wallet.BuySlotRequest{Body: wallet.Slot{
		Namespace: "user-a", Pool: "pool", Slot: 2, MinerType: "S1.SMALL1", ChainID: "uid-harbor", PublicKey: publicOf(1).String(),
	}}
}

func TestASlotThatIsPaidMakesItsKeyKnown(t *testing.T) {
	f, book, signers := shop(60 * money.OX)
	for range 2 { // delivered twice
		_, err := f.Handle(t.Context(), slotRequest())
		wantKind(t, "buying", err, "")
	}
	if got := book.balance("user-a"); got != 10*money.OX {
		t.Errorf("%s OX are left, want 10", got)
	}
	key := publicOf(1).String()
	want := map[string]signer{key: {PublicKey: key, Account: "user-a", ChainID: "uid-harbor", Pool: "pool", Slot: 2}}
	if diff := cmp.Diff(want, signers.docs); diff != "" {
		t.Errorf("known signers (-want +got)\n%s", diff)
	}
}

func TestASlotThatIsNotPaidMakesNoKeyKnown(t *testing.T) {
	unknown := slotRequest()
	unknown.Body.MinerType = "S9.HUGE"
	for _, row := range []struct {
		name  string
		funds money.Amount
		in    *wallet.BuySlotRequest
		limit allowed
		away  bool
		want  fault.Kind
	}{
		{"too little money", 50*money.OX - 1, slotRequest(), 3, false, fault.Exhausted},
		{"too little quota", 1000 * money.OX, slotRequest(), 0, false, fault.Exhausted},
		{"a type that is not for sale", 1000 * money.OX, unknown, 3, false, fault.Invalid},
		{"the ledger is away", 1000 * money.OX, slotRequest(), 3, true, fault.Busy},
		{"the quota is away", 1000 * money.OX, slotRequest(), -1, false, fault.Busy},
	} {
		f, book, signers := shop(row.funds)
		book.away, f.limits = row.away, row.limit
		_, err := f.Handle(t.Context(), row.in)
		wantKind(t, row.name, err, row.want)
		if len(signers.docs) != 0 || book.balance("user-a") != row.funds {
			t.Errorf("%s: %s OX are left, known: %v", row.name, book.balance("user-a"), signers.docs)
		}
	}
}

func TestACrashBetweenChargeAndKeyIsMendedByTheRepeat(t *testing.T) {
	f, book, signers := shop(60 * money.OX)
	signers.away = true
	_, err := f.Handle(t.Context(), slotRequest())
	wantKind(t, "the store away", err, fault.Busy)
	signers.away = false
	_, err = f.Handle(t.Context(), slotRequest())
	wantKind(t, "the repeat", err, "")
	if book.balance("user-a") != 10*money.OX || len(signers.docs) != 1 {
		t.Errorf("%s OX are left, known: %v", book.balance("user-a"), signers.docs)
	}
}

func TestAMinerThatIsReplacedHasAKeyOfItsOwnAndTheOldOneIsStillPaid(t *testing.T) {
	f, book, signers := shop(60 * money.OX)
	_, err := f.Handle(t.Context(), slotRequest())
	wantKind(t, "the first miner", err, "")
	replaced := slotRequest()
	replaced.Body.PublicKey = publicOf(2).String()
	_, err = f.Handle(t.Context(), replaced)
	wantKind(t, "its replacement", err, "")
	if book.balance("user-a") != 10*money.OX || len(signers.docs) != 2 {
		t.Errorf("%s OX are left, known: %v", book.balance("user-a"), signers.docs)
	}
}

func TestAWalletIsTheCallersOwn(t *testing.T) {
	book := newMemory()
	f := &getWallet{book: book.open}
	for i, account := range []string{"user-a", "user-b", "user-a", "user-a"} {
		e := ledger.Entry{Account: account, Key: string(rune('a' + i)), Kind: ledger.KindGift, Amount: 100, At: noon, Pool: "p", Slot: 1, MinerType: "m", Chain: "c", Height: 7}
		if _, err := book.Credit(t.Context(), e); err != nil {
			t.Fatal(err)
		}
	}
	ctx := access.With(t.Context(), access.Principal{UserID: "user-a"})
	got, err := f.Handle(ctx, &wallet.GetRequest{Limit: 2})
	wantKind(t, "reading", err, "")
	entry := func(number int64, balance money.Amount) wallet.Entry {
		return wallet.Entry{Number: number, Kind: "gift", Amount: 100, Balance: balance, At: noon, Pool: "p", Slot: 1, MinerType: "m", Chain: "c", Height: 7}
	}
	want := &wallet.Wallet{UserID: "user-a", Balance: 300, OX: "0.000300", Count: 3, Entries: []wallet.Entry{entry(3, 300), entry(2, 200)}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	got, err = f.Handle(access.With(t.Context(), access.Principal{UserID: "user-new"}), &wallet.GetRequest{Limit: 10})
	wantKind(t, "reading an empty wallet", err, "")
	if diff := cmp.Diff(&wallet.Wallet{UserID: "user-new", OX: "0.000000", Entries: []wallet.Entry{}}, got); diff != "" {
		t.Errorf("an empty wallet (-want +got)\n%s", diff)
	}
	book.away = true
	_, err = f.Handle(ctx, &wallet.GetRequest{})
	wantKind(t, "the ledger away", err, fault.Busy)
}
