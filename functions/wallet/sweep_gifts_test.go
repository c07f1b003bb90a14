package wallet

import (
	"testing"
	"time"

	cloudevents "github.com/cloudevents/sdk-go/v2"

	"onex.io/onex/eventing"
	"onex.io/onex/shared/fault"
	"onex.io/onex/shared/identity"
	"onex.io/onex/shared/money"
)

func tick() cloudevents.Event {
	e := cloudevents.NewEvent()
	e.SetType(eventing.Tick)
	return e
}

func TestWhoseEventWasLostGetsTheGiftByTheClock(t *testing.T) {
	f, book, users := signedUp()
	at := func(after time.Duration) {
		f.now = func() time.Time { return noon.Add(after) }
		wantKind(t, "a tick", f.Handle(t.Context(), tick()), "")
	}
	at(hintTime / 2)
	if len(book.entries) != 0 {
		t.Errorf("booked %+v while the event may still come", book.entries)
	}
	at(hintTime + time.Second)
	at(hintTime + time.Second) // delivered twice
	wantKind(t, "the event, late", f.Handle(t.Context(), created(t, "user-a")), "")
	if got := book.balance("user-a"); got != 1000*money.OX {
		t.Errorf("%s OX were given", got)
	}
	for after := time.Hour; after < 3*time.Hour; after += time.Hour {
		at(after)
	}
	users.docs["user-late"] = identity.User{ID: "user-late", CreatedAt: noon.Add(2*time.Hour - sweepOverlap + time.Second)}
	at(3 * time.Hour)
	if got := book.balance("user-late"); got != 1000*money.OX {
		t.Errorf("%s OX were given to whom a slow clock had kept behind the last sweep", got)
	}
}

func TestASweepThatFailsIsMadeAgain(t *testing.T) {
	f, book, users := signedUp()
	f.now = func() time.Time { return noon.Add(time.Hour) }
	users.away = true
	wantKind(t, "users away", f.Handle(t.Context(), tick()), fault.Busy)
	users.away, book.away = false, true
	wantKind(t, "the ledger away", f.Handle(t.Context(), tick()), fault.Busy)
	book.away = false
	f.now = func() time.Time { return noon.Add(24 * time.Hour) }
	wantKind(t, "both back, a day later", f.Handle(t.Context(), tick()), "")
	if got := book.balance("user-a"); got != 1000*money.OX {
		t.Errorf("%s OX were given", got)
	}
}
