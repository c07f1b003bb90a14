package identitytest

import (
	"fmt"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/mongo"

	"onex.io/onex/shared/fault"
	"onex.io/onex/shared/identity"
)

// began is a session of user-a that has begun.
func began(t *testing.T, sessions identity.Sessions, kind identity.Client) *identity.Session {
	t.Helper()
	s, err := sessions.Start(t.Context(), identity.Session{UserID: "user-a", Client: kind, Epoch: "e", CreatedAt: noon(), Expires: noon().Add(time.Hour)})
	must(t, err)
	return s
}

// wantStanding wants just these sessions to stand, of those that began.
func wantStanding(t *testing.T, sessions identity.Sessions, all []*identity.Session, want ...int) {
	t.Helper()
	var standing []int
	for i, s := range all {
		_, err := sessions.Get(t.Context(), s.ID)
		switch {
		case err == nil:
			standing = append(standing, i)
		case fault.KindOf(err) != fault.Missing:
			t.Fatal(err)
		}
	}
	if fmt.Sprint(standing) != fmt.Sprint(want) {
		t.Errorf("sessions %v stand, want %v", standing, want)
	}
}

func oneOfEach(t *testing.T, db *mongo.Database) {
	sessions, all := identity.NewSessions(db), []*identity.Session{}
	for _, kind := range []identity.Client{identity.Web, identity.Phone, identity.API, identity.Web} {
		all = append(all, began(t, sessions, kind))
	}
	wantStanding(t, sessions, all, 1, 2, 3)
	all = append(all, began(t, sessions, identity.Phone))
	wantStanding(t, sessions, all, 2, 3, 4)
}

func tenOfAPI(t *testing.T, db *mongo.Database) {
	sessions, all := identity.NewSessions(db), []*identity.Session{}
	for range 12 {
		all = append(all, began(t, sessions, identity.API))
	}
	wantStanding(t, sessions, all, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11)
}

func roomOfEnded(t *testing.T, db *mongo.Database) {
	sessions, all := identity.NewSessions(db), []*identity.Session{}
	for i := range 12 {
		all = append(all, began(t, sessions, identity.API))
		switch {
		case i > 0 && i%2 == 0: // ends by log-out
			must(t, sessions.End(t.Context(), "user-a", all[i].ID))
		case i > 0: // is swept when it has expired
			must(t, sessions.Delete(t.Context(), all[i].ID))
		}
	}
	wantStanding(t, sessions, all, 0)
}

func manyLogIn(t *testing.T, db *mongo.Database) {
	sessions := identity.NewSessions(db)
	all := make([]*identity.Session, 6)
	atOnce(len(all), func(i int) { all[i] = began(t, sessions, identity.Web) })
	standing := 0
	for _, s := range all {
		if _, err := sessions.Get(t.Context(), s.ID); err == nil {
			standing++
		}
	}
	if standing != 1 {
		t.Errorf("%d sessions of web stand", standing)
	}
}

func cleared(t *testing.T, db *mongo.Database) {
	sessions, all := identity.NewSessions(db), []*identity.Session{}
	for _, kind := range []identity.Client{identity.Web, identity.API, identity.API} {
		all = append(all, began(t, sessions, kind))
	}
	for range 2 { // repeated
		must(t, sessions.Keep(t.Context(), all[1].ID, "next"))
		must(t, sessions.Clear(t.Context(), "user-a", all[1].ID))
		wantStanding(t, sessions, all, 1)
	}
	if kept, err := sessions.Get(t.Context(), all[1].ID); err != nil || kept.Epoch != "next" {
		t.Errorf("kept %+v, %v", kept, err)
	}
	must(t, sessions.Clear(t.Context(), "user-a", ""))
	wantStanding(t, sessions, all)
	must(t, sessions.Keep(t.Context(), all[1].ID, "e"))
	wantStanding(t, sessions, all) // nobody brings it back
	must(t, sessions.Clear(t.Context(), "somebody without any", ""))
}

func swept(t *testing.T, db *mongo.Database) {
	sessions, s := start(t, db)
	_, err := sessions.Renew(t.Context(), s.ID, 0, noon().Add(2*time.Hour))
	must(t, err)
	for _, row := range []struct {
		now  time.Time
		want int64
	}{{noon(), 0}, {noon().Add(2 * time.Hour), 0}, {noon().Add(2*time.Hour + time.Second), 1}, {noon().Add(3 * time.Hour), 0}} {
		if ended, err := sessions.Sweep(t.Context(), row.now); err != nil || ended != row.want {
			t.Errorf("at %s: %d ended, %v, want %d", row.now, ended, err, row.want)
		}
	}
	_, err = sessions.Get(t.Context(), s.ID)
	wantKind(t, "the session", err, fault.Missing)
}
