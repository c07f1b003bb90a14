package identity_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"

	"onex.io/onex/shared/fault"
	"onex.io/onex/shared/identity"
	"onex.io/onex/shared/token"
)

var noon = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

// shelf is a store that can go away, and counts how often it is asked.
type shelf[T any] struct {
	docs  map[string]T
	asked int
	away  bool
}

func (s *shelf[T]) Get(_ context.Context, id string) (*T, error) {
	s.asked++
	if s.away {
		return nil, fault.New(fault.Busy, "StoreAway", "the store does not answer now")
	}
	if doc, ok := s.docs[id]; ok {
		return &doc, nil
	}
	return nil, fault.New(fault.Missing, "NotFound", "%q is not there", id)
}

type world struct {
	users    *shelf[identity.User]
	sessions *shelf[identity.Session]
	redis    *miniredis.Miniredis
	standing identity.Standing
	now      time.Time
}

func newWorld(t *testing.T) *world {
	w := &world{
		users:    &shelf[identity.User]{docs: map[string]identity.User{"user-a": {ID: "user-a", Status: identity.Active}, "user-b": {ID: "user-b", Status: identity.Active}}},
		sessions: &shelf[identity.Session]{docs: map[string]identity.Session{"s": {ID: "s", UserID: "user-a", Expires: noon.Add(time.Hour)}}},
		redis:    miniredis.RunT(t), now: noon,
	}
	cache := redis.NewClient(&redis.Options{Addr: w.redis.Addr(), DialerRetries: 1, MaxRetries: -1})
	t.Cleanup(func() { cache.Close() })
	w.standing = identity.Standing{Users: w.users, Sessions: w.sessions, Cache: cache, Now: func() time.Time { return w.now }}
	return w
}

func (w *world) check(subject, session string) error {
	_, err := w.admin(subject, session)
	return err
}

func (w *world) admin(subject, session string) (bool, error) {
	admin, _, err := w.standing.Session(context.Background(), token.Claims{Subject: subject, Session: session, Kind: token.Access})
	return admin, err
}

func TestARefreshTokenIsSpentOnceItsSessionIsFurther(t *testing.T) {
	for _, admin := range []bool{false, true} {
		w := newWorld(t)
		w.users.docs["user-a"] = identity.User{ID: "user-a", Status: identity.Active, Admin: admin}
		w.sessions.docs["s"] = identity.Session{ID: "s", UserID: "user-a", Expires: noon.Add(time.Hour), Round: 12}
		for _, from := range []string{"the store", "the cache"} {
			for round, want := range map[int64]bool{0: true, 2: true, 11: true, 12: false, 13: false} {
				is, spent, err := w.standing.Session(t.Context(), token.Claims{Subject: "user-a", Session: "s", Round: round, Kind: token.Refresh})
				if err != nil || is != admin || spent != want {
					t.Errorf("round %d, from %s: %v %v, %v", round, from, is, spent, err)
				}
			}
			if is, spent, err := w.standing.Session(t.Context(), token.Claims{Subject: "user-a", Session: "s", Kind: token.Access}); err != nil || is != admin || spent {
				t.Errorf("an access token, from %s: %v %v, %v", from, is, spent, err)
			}
		}
	}
}

func TestAnotherEpochEndsEverySessionOfTheOneBefore(t *testing.T) {
	w := newWorld(t)
	for _, row := range []struct {
		user, session string
		ok            bool
	}{{"", "", true}, {"e", "e", true}, {"e", "", false}, {"next", "e", false}, {"", "e", false}} {
		w.redis.FlushAll()
		w.users.docs["user-a"] = identity.User{ID: "user-a", Status: identity.Active, Epoch: row.user}
		w.sessions.docs["s"] = identity.Session{ID: "s", UserID: "user-a", Expires: noon.Add(time.Hour), Epoch: row.session}
		if err := w.check("user-a", "s"); (err == nil) != row.ok || err != nil && fault.KindOf(err) != fault.Unauthenticated {
			t.Errorf("a session of epoch %q, the user's is %q: %v", row.session, row.user, err)
		}
	}
}

func TestStanding(t *testing.T) {
	for _, row := range []struct {
		name    string
		change  func(*world)
		subject string
		session string
		want    fault.Kind // empty: stands
	}{
		{"a session stands", func(*world) {}, "user-a", "s", ""},
		{"somebody else's session does not", func(*world) {}, "user-b", "s", fault.Unauthenticated},
		{"a session that never was does not", func(*world) {}, "user-a", "t", fault.Unauthenticated},
		{"no session does not", func(*world) {}, "user-a", "", fault.Unauthenticated},
		{"a session that ended does not", func(w *world) { delete(w.sessions.docs, "s") }, "user-a", "s", fault.Unauthenticated},
		{"a session at its end does not", func(w *world) { w.now = noon.Add(time.Hour) }, "user-a", "s", fault.Unauthenticated},
		{"a user who is gone does not", func(w *world) { delete(w.users.docs, "user-a") }, "user-a", "s", fault.Unauthenticated},
		{"a disabled user does not", func(w *world) {
			w.users.docs["user-a"] = identity.User{ID: "user-a", Status: identity.Disabled}
		}, "user-a", "s", fault.Unauthenticated},
		{"a user of no status does not", func(w *world) { w.users.docs["user-a"] = identity.User{ID: "user-a"} }, "user-a", "s", fault.Unauthenticated},
		{"with the cache away the store answers", func(w *world) { w.redis.Close() }, "user-a", "s", ""},
		{"with the cache away an ended session still does not stand", func(w *world) { w.redis.Close(); delete(w.sessions.docs, "s") }, "user-a", "s", fault.Unauthenticated},
		{"with the store away nobody stands, and it says why", func(w *world) { w.sessions.away = true }, "user-a", "s", fault.Busy},
		{"with the users away nobody stands", func(w *world) { w.users.away = true }, "user-a", "s", fault.Busy},
		{"with both away nobody stands", func(w *world) { w.redis.Close(); w.sessions.away = true }, "user-a", "s", fault.Busy},
	} {
		t.Run(row.name, func(t *testing.T) {
			w := newWorld(t)
			row.change(w)
			err := w.check(row.subject, row.session)
			if row.want == "" && err != nil || row.want != "" && (err == nil || fault.KindOf(err) != row.want) {
				t.Errorf("got %v, want %q", err, row.want)
			}
		})
	}
}

func TestARefusalIsNeverRemembered(t *testing.T) {
	w := newWorld(t)
	delete(w.sessions.docs, "s")
	if err := w.check("user-a", "s"); err == nil {
		t.Fatal("an ended session stands")
	}
	w.sessions.docs["s"] = identity.Session{ID: "s", UserID: "user-a", Expires: noon.Add(time.Hour)}
	if err := w.check("user-a", "s"); err != nil {
		t.Errorf("the session stands again, but: %v", err)
	}
}

func TestStandingAsksTheStoreOnceASecond(t *testing.T) {
	w := newWorld(t)
	for range 20 {
		if err := w.check("user-a", "s"); err != nil {
			t.Fatal(err)
		}
	}
	if w.sessions.asked != 1 || w.users.asked != 1 {
		t.Errorf("the store was asked %d and %d times, want once each", w.sessions.asked, w.users.asked)
	}
	if err := w.check("user-b", "s"); fault.KindOf(err) != fault.Unauthenticated || err == nil {
		t.Errorf("a remembered session lets somebody else in: %v", err)
	}
}

func TestAnAdministratorIsOneFromTheStoreAndFromTheCache(t *testing.T) {
	w := newWorld(t)
	w.users.docs["user-r"] = identity.User{ID: "user-r", Status: identity.Active, Admin: true}
	w.sessions.docs["r"] = identity.Session{ID: "r", UserID: "user-r", Expires: noon.Add(time.Hour)}
	for range 2 {
		if admin, err := w.admin("user-r", "r"); err != nil || !admin {
			t.Errorf("an administrator: %v, %v", admin, err)
		}
		if admin, err := w.admin("user-a", "s"); err != nil || admin {
			t.Errorf("a user: %v, %v", admin, err)
		}
	}
	if w.users.asked != 2 {
		t.Errorf("the store was asked %d times, want once for each", w.users.asked)
	}
	w.users.docs["user-r"] = identity.User{ID: "user-r", Status: identity.Active}
	w.redis.FastForward(time.Second)
	if admin, err := w.admin("user-r", "r"); err != nil || admin {
		t.Errorf("a second after the role was taken away: %v, %v", admin, err)
	}
	if _, err := w.admin("user-r admin", "r"); err == nil {
		t.Error("a name that looks like the mark is let in")
	}
}

func TestEndingASessionOrAUserWorksWithinASecond(t *testing.T) {
	for name, end := range map[string]func(*world){
		"the session ends":     func(w *world) { delete(w.sessions.docs, "s") },
		"the user is disabled": func(w *world) { w.users.docs["user-a"] = identity.User{ID: "user-a", Status: identity.Disabled} },
	} {
		w := newWorld(t)
		if err := w.check("user-a", "s"); err != nil {
			t.Fatal(err)
		}
		end(w)
		w.redis.FastForward(time.Second)
		if err := w.check("user-a", "s"); err == nil || fault.KindOf(err) != fault.Unauthenticated {
			t.Errorf("%s: a second later: %v", name, err)
		}
	}
}

func TestEmptyingTheCacheCostsNothingButTime(t *testing.T) {
	w := newWorld(t)
	for range 3 {
		if err := w.check("user-a", "s"); err != nil {
			t.Fatal(err)
		}
		w.redis.FlushAll()
	}
	if w.sessions.asked != 3 {
		t.Errorf("the store was asked %d times, want 3", w.sessions.asked)
	}
}

func TestAnAnswerOfTheStoreIsNotMistakenForARefusal(t *testing.T) {
	w := newWorld(t)
	w.sessions.away = true
	err := w.check("user-a", "s")
	var f *fault.Error
	if !errors.As(err, &f) || f.Reason != "StoreAway" {
		t.Errorf("got %v, want the store's own fault: a client told 401 would log in again for nothing", err)
	}
}
