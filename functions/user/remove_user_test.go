package user

import (
	"context"
	"log/slog"
	"strings"
	"testing"
	"time"

	cloudevents "github.com/cloudevents/sdk-go/v2"

	"onex.io/onex/eventing"
	"onex.io/onex/shared/api/user"
	"onex.io/onex/shared/identity"
)

func (f *folk) Leaving(context.Context) (all []identity.User, err error) {
	for _, u := range f.users {
		if u.Status == identity.Deleting {
			all = append(all, u)
		}
	}
	return all, f.step("leaving")
}

func (f *folk) Bury(_ context.Context, u *identity.User, _ time.Time) error {
	if err := f.step("bury"); err != nil {
		return err
	}
	f.users[u.ID] = identity.User{ID: u.ID, Status: identity.Deleted, CreatedAt: u.CreatedAt}
	return nil
}

// chest is one kind of things that users have.
type chest struct {
	folk *folk
	name string
}

func (c chest) Forget(context.Context, string) error { return c.folk.step(c.name) }

// estate is the namespace of a user, which takes some looks to go.
type estate struct {
	folk  *folk
	looks int
}

func (e *estate) DeleteNamespace(context.Context, string) error { return e.folk.step("namespace") }

func (e *estate) NamespaceGone(context.Context, string) (bool, error) {
	e.looks--
	return e.looks <= 0, e.folk.step("look")
}

func (f *folk) removes(e *estate) *removeUser {
	return &removeUser{
		users: f, belongings: []belonging{chest{f, "sessions"}, chest{f, "secrets"}}, namespaces: e,
		now: func() time.Time { return noon }, pause: func(context.Context) {}, log: slog.New(slog.DiscardHandler),
	}
}

func news(t *testing.T, id string) cloudevents.Event {
	t.Helper()
	e, err := eventing.New(eventing.UserDeleted, "/users", id+"/deleted", noon, eventing.UserDeletedData{UserID: id})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func tick() cloudevents.Event {
	e := cloudevents.NewEvent()
	e.SetType(eventing.Tick)
	return e
}

func TestADeletionIsIntendedBeforeAndToldAfter(t *testing.T) {
	f := newFolk()
	for range 2 { // repeated
		f.steps = nil
		if _, err := f.deletes().Handle(as(t, "alice"), &user.DeleteRequest{Username: "alice"}); err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(f.steps, ", "); got != "intend "+eventing.UserDeleted+", move deleting, tell /deleted" || f.status("alice") != identity.Deleting {
			t.Errorf("did %q, the user is %s", got, f.status("alice"))
		}
	}
	for step, want := range map[string]identity.Status{"intend": identity.Active, "tell": identity.Deleting} {
		f := newFolk()
		f.die = step
		_, err := f.deletes().Handle(as(t, "alice"), &user.DeleteRequest{Username: "alice"})
		if (err == nil) != (step == "tell") || f.status("alice") != want {
			t.Errorf("dying at %s: %v, the user is %s", step, err, f.status("alice"))
		}
	}
}

func TestWhoLeavesLeavesNothing(t *testing.T) {
	f := newFolk()
	const steps = "get, namespace, sessions, secrets, disclaim a@example.com, look, namespace, sessions, secrets, disclaim a@example.com, look, bury"
	if err := f.removes(&estate{f, 2}).Handle(t.Context(), news(t, identity.UserID("leavy"))); err != nil {
		t.Fatal(err)
	}
	u := f.users[identity.UserID("leavy")]
	if got := strings.Join(f.steps, ", "); got != steps || u.Status != identity.Deleted || u.Username != "" || u.Email != "" || u.PasswordHash != "" {
		t.Errorf("did %q, kept %+v", got, u)
	}
	f.steps = nil
	for range 2 { // delivered twice, and late
		if err := f.removes(&estate{f, 1}).Handle(t.Context(), news(t, identity.UserID("leavy"))); err != nil {
			t.Fatal(err)
		}
	}
	if got := strings.Join(f.steps, ", "); got != "get, get" {
		t.Errorf("late: did %q", got)
	}
}

func TestAForgedDeletionRemovesNobody(t *testing.T) {
	f := newFolk()
	for _, id := range []string{identity.UserID("alice"), identity.UserID("mallo"), identity.UserID("carol"), "", "kube-system"} {
		if err := f.removes(&estate{f, 1}).Handle(t.Context(), news(t, id)); err != nil {
			t.Errorf("%q: %v", id, err)
		}
	}
	bad := news(t, "x")
	if err := bad.SetData(cloudevents.ApplicationJSON, []byte(`"alice"`)); err != nil {
		t.Fatal(err)
	}
	if err := f.removes(&estate{f, 1}).Handle(t.Context(), bad); err == nil {
		t.Error("news of nobody were taken")
	}
	for _, step := range f.steps {
		if step != "get" {
			t.Errorf("did %q", f.steps)
		}
	}
}

func TestWhereverARemovalDiesTheClockFinishesIt(t *testing.T) {
	for _, step := range []string{"get", "namespace", "sessions", "secrets", "disclaim", "look", "bury"} {
		f := newFolk()
		f.die = step
		if err := f.removes(&estate{f, 1}).Handle(t.Context(), news(t, identity.UserID("leavy"))); err == nil {
			t.Errorf("dying at %s: nobody is told", step)
		}
		if f.status("leavy") != identity.Deleting {
			t.Errorf("dying at %s: the user is %s", step, f.status("leavy"))
		}
		f.die = ""
		for range 2 { // and a tick too many
			if err := f.removes(&estate{f, 1}).Handle(t.Context(), tick()); err != nil {
				t.Errorf("after dying at %s: %v", step, err)
			}
		}
		if f.status("leavy") != identity.Deleted || f.status("alice") != identity.Active {
			t.Errorf("after dying at %s: the user is %s", step, f.status("leavy"))
		}
	}
}

func TestANamespaceThatTakesLongIsLeftToTheClock(t *testing.T) {
	f, e := newFolk(), &estate{looks: looks + 2}
	e.folk = f
	if err := f.removes(e).Handle(t.Context(), news(t, identity.UserID("leavy"))); err != nil || f.status("leavy") != identity.Deleting {
		t.Errorf("%v: the user is %s", err, f.status("leavy"))
	}
	for range 2 {
		if err := f.removes(e).Handle(t.Context(), tick()); err != nil {
			t.Fatal(err)
		}
	}
	if f.status("leavy") != identity.Deleted {
		t.Errorf("the user is %s", f.status("leavy"))
	}
}

func TestOneWhoCannotBeRemovedIsToldAndHoldsUpNobody(t *testing.T) {
	f := newFolk()
	other := f.users[identity.UserID("leavy")]
	other.ID = "user-other"
	f.users["user-other"] = other
	f.die = "secrets"
	err := f.removes(&estate{f, 1}).Handle(t.Context(), tick())
	if err == nil || !strings.Contains(err.Error(), "2 of 2") || strings.Count(strings.Join(f.steps, " "), "secrets") != 2 {
		t.Errorf("%v: did %q", err, f.steps)
	}
}
