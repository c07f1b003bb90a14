package user

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"strings"
	"testing"
	"time"

	cloudevents "github.com/cloudevents/sdk-go/v2"
	"github.com/google/go-cmp/cmp"

	"onex.io/onex/eventing"
	"onex.io/onex/shared/api/user"
	"onex.io/onex/shared/fault"
	"onex.io/onex/shared/identity"
)

var noon = time.Date(2026, 11, 20, 12, 0, 0, 123456789, time.UTC)

// town is everything that a sign-up touches. die is the step at which the process dies, or the part that is away.
type town struct {
	users      map[string]identity.User
	namespaces map[string]bool
	intended   map[string]cloudevents.Event
	told       []string
	claimed    []string
	steps      []string
	die        string
}

func newTown() *town {
	return &town{users: map[string]identity.User{}, namespaces: map[string]bool{}, intended: map[string]cloudevents.Event{}}
}

var errAway = &net.OpError{Op: "dial", Err: errors.New("connection refused")}

func (w *town) step(name string) error {
	w.steps = append(w.steps, name)
	if w.die == name {
		return errAway
	}
	return nil
}

func (w *town) Get(_ context.Context, id string) (*identity.User, error) {
	if err := w.step("get"); err != nil {
		return nil, fault.New(fault.Busy, "StoreAway", "away: %w", err)
	}
	if u, ok := w.users[id]; ok {
		return &u, nil
	}
	return nil, fault.New(fault.Missing, "NotFound", "%q is not there", id)
}

func (w *town) Insert(_ context.Context, id string, u *identity.User) error {
	if err := w.step("insert"); err != nil {
		return fault.New(fault.Busy, "StoreAway", "away: %w", err)
	}
	if _, ok := w.users[id]; ok {
		return fault.New(fault.Conflict, "AlreadyExists", "%q is there", id)
	}
	w.users[id] = *u
	return nil
}

func (w *town) EnsureNamespace(_ context.Context, name string) error {
	if err := w.step("namespace"); err != nil {
		return err
	}
	w.namespaces[name] = true
	return nil
}

func (w *town) Intend(_ context.Context, e cloudevents.Event) error {
	if err := w.step("intend"); err != nil {
		return fault.New(fault.Busy, "StoreAway", "away: %w", err)
	}
	w.intended[e.ID()] = e
	return nil
}

func (w *town) Tell(_ context.Context, e cloudevents.Event) error {
	if err := w.step("tell"); err != nil {
		return fault.New(fault.Busy, "BrokerAway", "away: %w", err)
	}
	w.told = append(w.told, e.ID())
	delete(w.intended, e.ID())
	return nil
}

func (w *town) Claim(_ context.Context, u *identity.User) error {
	if err := w.step("claim"); err != nil {
		return fault.New(fault.Busy, "StoreAway", "away: %w", err)
	}
	w.claimed = append(w.claimed, u.Email+" "+u.Phone)
	return nil
}

func (w *town) signUp(t *testing.T, username string) (*user.User, error) {
	t.Helper()
	return w.signUps().Handle(t.Context(), request(username))
}

func (w *town) signUps() *createUser {
	return &createUser{
		users: w, namespaces: w, contacts: w, outbox: w, passwords: cheap(), now: func() time.Time { return noon }, log: slog.New(slog.DiscardHandler),
	}
}

// cheap hashes fast: what a hash costs is not what is tested here.
func cheap() identity.Passwords { return identity.Passwords{Memory: 64, Passes: 1, Lanes: 1} }

func request(username string) *user.CreateRequest {
	return &user.CreateRequest{Body: user.Create{
		Username: username, Password: "correct horse", Nickname: "Al", Email: "al@example.com", Phone: "1",
	}}
}

func wantKind(t *testing.T, what string, err error, want fault.Kind) {
	t.Helper()
	if err == nil || fault.KindOf(err) != want {
		t.Errorf("%s: got %v, want %s", what, err, want)
	}
}

func TestSigningUp(t *testing.T) {
	w := newTown()
	got, err := w.signUp(t, "alice")
	if err != nil {
		t.Fatal(err)
	}
	id, at := identity.UserID("alice"), noon.Truncate(time.Millisecond)
	want := &user.User{UserID: id, Username: "alice", Nickname: "Al", Email: "al@example.com", Phone: "1", Status: "registered", CreatedAt: at, UpdatedAt: at}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("reply (-want +got)\n%s", diff)
	}
	kept := w.users[id]
	if kept.Status != identity.Registered || !matches(kept.PasswordHash, "correct horse") || strings.Contains(kept.PasswordHash, "horse") {
		t.Errorf("kept %+v", kept)
	}
	if len(w.claimed) != 1 || w.claimed[0] != "al@example.com 1" {
		t.Errorf("claimed %q", w.claimed)
	}
	if !w.namespaces[id] || len(w.told) != 1 || w.told[0] != id || len(w.intended) != 0 {
		t.Errorf("namespaces %v, told %v, still intended %v", w.namespaces, w.told, w.intended)
	}
}

func TestAUsernameIsNobodysAddress(t *testing.T) {
	for _, name := range []string{"al@example.com", "1234567", "+8618128840000", "123-45-67", "1.2.3.4.5.6.7"} {
		w := newTown()
		_, err := w.signUp(t, name)
		if e := fault.Of(err); err == nil || e.Kind != fault.Invalid || e.Metadata["field"] != "body.username" || len(w.users) != 0 {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, name := range []string{"al", "123456", "a1234567", "1234567a"} {
		if _, err := newTown().signUp(t, name); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestWhoseAddressCannotBeClaimedIsSignedUpAllTheSame(t *testing.T) {
	w := newTown()
	w.die = "claim"
	if _, err := w.signUp(t, "alice"); err != nil || len(w.users) != 1 || len(w.told) != 1 {
		t.Errorf("%v: kept %v, told %v", err, w.users, w.told)
	}
}

func TestTheNewsNameTheUserAndNothingElse(t *testing.T) {
	w := newTown()
	w.die = "tell"
	if _, err := w.signUp(t, "alice"); err != nil {
		t.Fatalf("the user is kept; that the broker is away is no fault of the sign-up: %v", err)
	}
	id := identity.UserID("alice")
	e, ok := w.intended[id]
	if !ok {
		t.Fatalf("nobody will tell the news: %v", w.intended)
	}
	if e.Type() != eventing.UserCreated || e.Source() != "/users" || e.ID() != id || string(e.Data()) != `{"userID":"`+id+`"}` {
		t.Errorf("the news are\n%s", e)
	}
}

func TestANameIsTakenOnce(t *testing.T) {
	w := newTown()
	if _, err := w.signUp(t, "alice"); err != nil {
		t.Fatal(err)
	}
	before := w.users[identity.UserID("alice")]
	_, err := w.signUp(t, "alice")
	wantKind(t, "the same name", err, fault.Conflict)
	if e := fault.Of(err); e.Reason != "UserAlreadyExists" || e.Metadata["field"] != "username" {
		t.Errorf("got %+v", e)
	}
	if w.users[before.ID] != before || len(w.told) != 1 || len(w.intended) != 0 {
		t.Errorf("the first user is %+v now, told %v, intended %v", w.users[before.ID], w.told, w.intended)
	}
	if _, err := w.signUp(t, "Alice"); err != nil {
		t.Errorf("another name: %v", err)
	}
}

func TestOfTwoWhoSignUpAtOnceOneIsTold(t *testing.T) {
	w := newTown()
	f := w.signUps()
	f.users = blind{w}
	in := &user.CreateRequest{Body: user.Create{Username: "alice", Password: "correct horse"}}
	if _, err := f.Handle(t.Context(), in); err != nil {
		t.Fatal(err)
	}
	_, err := f.Handle(t.Context(), in)
	wantKind(t, "the second", err, fault.Conflict)
	if fault.ReasonOf(err) != "UserAlreadyExists" {
		t.Errorf("got %v", err)
	}
}

// blind sees no user before it inserts one, as two do who come at the same moment.
type blind struct{ *town }

func (blind) Get(context.Context, string) (*identity.User, error) {
	return nil, fault.New(fault.Missing, "NotFound", "not there")
}

func TestWhereverASignUpDiesTheNextOneSucceedsAndTheGiftFollows(t *testing.T) {
	for _, step := range []string{"get", "intend", "namespace", "insert"} {
		w := newTown()
		w.die = step
		_, err := w.signUp(t, "alice")
		wantKind(t, step+" away", err, fault.Busy)
		if strings.Contains(fault.Of(err).Message, "dial") {
			t.Errorf("%s away: the caller learns %q", step, fault.Of(err).Message)
		}
		if len(w.users) != 0 || len(w.told) != 0 {
			t.Errorf("%s away: kept %v, told %v", step, w.users, w.told)
		}
		w.die = ""
		if _, err := w.signUp(t, "alice"); err != nil {
			t.Errorf("after %s was away: %v", step, err)
		}
		if len(w.users) != 1 || len(w.told) != 1 || len(w.intended) != 0 {
			t.Errorf("after %s was away: kept %v, told %v, intended %v", step, w.users, w.told, w.intended)
		}
	}
}

func TestWhoeverIsKeptWasIntendedBefore(t *testing.T) {
	w := newTown()
	if _, err := w.signUp(t, "alice"); err != nil {
		t.Fatal(err)
	}
	if got, want := strings.Join(w.steps, " "), "get intend namespace insert claim tell"; got != want {
		t.Errorf("the steps are %q, want %q", got, want)
	}
}

func matches(hash, password string) bool {
	ok, _ := identity.Passwords{}.Match(hash, password)
	return ok
}
