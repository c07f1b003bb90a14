package identitytest

import (
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/mongo"

	"onex.io/onex/shared/fault"
	"onex.io/onex/shared/identity"
)

func tries(t *testing.T, db *mongo.Database) {
	a := identity.NewAttempts(db, time.Minute)
	var sum atomic.Int64
	atOnce(12, func(int) {
		n, err := a.Count(t.Context(), "k", noon())
		if err != nil {
			t.Error(err)
		}
		sum.Add(n)
	})
	if sum.Load() != 12*13/2 {
		t.Errorf("twelve at once were counted to a sum of %d, want 1 to 12", sum.Load())
	}
	wantCount := func(what string, now time.Time, want int64) {
		t.Helper()
		if got, end, err := a.Counted(t.Context(), "k", now); err != nil || got != want || want > 0 && !end.Equal(noon().Add(time.Minute)) {
			t.Errorf("%s: %d until %s, %v, want %d", what, got, end, err, want)
		}
	}
	wantCount("in the window", noon().Add(59*time.Second), 12)
	must(t, a.Sweep(t.Context(), noon().Add(59*time.Second)))
	wantCount("swept in the window", noon().Add(59*time.Second), 12)
	wantCount("at its end", noon().Add(time.Minute), 0)
	if n, err := a.Count(t.Context(), "k", noon().Add(time.Minute)); err != nil || n != 1 {
		t.Errorf("the first of the next window: %d, %v", n, err)
	}
	must(t, a.Forgive(t.Context(), "k"))
	if n, err := a.Count(t.Context(), "k", noon().Add(time.Minute)); err != nil || n != 1 {
		t.Errorf("after it was forgiven: %d, %v", n, err)
	}
	must(t, a.Forgive(t.Context(), "never tried"))
	must(t, a.Sweep(t.Context(), noon().Add(time.Hour)))
	_, err := a.Get(t.Context(), "k")
	wantKind(t, "what was swept", err, fault.Missing)
}

func history(t *testing.T, db *mongo.Database) {
	h := identity.NewHistory(db)
	for i := range 3 {
		for _, id := range []string{"user-a", "user-ab", "user-b"} {
			must(t, h.Keep(t.Context(), identity.LogIn{UserID: id, At: noon().Add(time.Duration(i) * time.Hour), Client: identity.Web, Agent: fmt.Sprint(i), Address: "192.0.2.1", Result: identity.LoggedIn}))
		}
	}
	page, total, err := h.Page(t.Context(), "user-a", 2, 0)
	must(t, err)
	if total != 3 || len(page) != 2 || page[0].Agent != "2" || page[1].Agent != "1" || page[0].UserID != "user-a" || !page[0].At.Equal(noon().Add(2*time.Hour)) {
		t.Errorf("%d: %+v", total, page)
	}
	must(t, h.Sweep(t.Context(), noon().Add(time.Hour)))
	must(t, h.Forget(t.Context(), "user-b"))
	for id, want := range map[string]int64{"user-a": 2, "user-ab": 2, "user-b": 0, "user": 0} {
		if _, total, err := h.Page(t.Context(), id, 10, 0); err != nil || total != want {
			t.Errorf("%s has %d log-ins, %v, want %d", id, total, err, want)
		}
	}
}

func leaves(t *testing.T, db *mongo.Database) {
	sessions, secrets, h, a := identity.NewSessions(db), identity.NewSecrets(db), identity.NewHistory(db), identity.NewAttempts(db, time.Minute)
	key := secret("ci")
	must(t, secrets.Add(t.Context(), "user-a", key))
	must(t, secrets.Add(t.Context(), "user-b", secret("ci")))
	s := began(t, sessions, identity.API)
	must(t, h.Keep(t.Context(), identity.LogIn{UserID: "user-a", At: noon()}))
	if _, err := a.Count(t.Context(), identity.AccountKey("user-a"), noon()); err != nil {
		t.Fatal(err)
	}
	for range 2 { // repeated
		must(t, sessions.Forget(t.Context(), "user-a"))
		must(t, secrets.Forget(t.Context(), "user-a"))
		must(t, h.Forget(t.Context(), "user-a"))
		must(t, a.Forget(t.Context(), "user-a"))
	}
	wantStanding(t, sessions, []*identity.Session{s})
	_, _, err := secrets.Find(t.Context(), key.ID)
	wantKind(t, "the secret", err, fault.Missing)
	counts, err := secrets.Counts(t.Context(), []string{"user-a", "user-b", "user-c"})
	if err != nil || len(counts) != 1 || counts["user-b"] != 1 {
		t.Errorf("secrets %v, %v", counts, err)
	}
	if none, err := secrets.Counts(t.Context(), nil); err != nil || len(none) != 0 {
		t.Errorf("of nobody: %v, %v", none, err)
	}
	if n, _, err := a.Counted(t.Context(), identity.AccountKey("user-a"), noon()); err != nil || n != 0 {
		t.Errorf("%d tries, %v", n, err)
	}
}
