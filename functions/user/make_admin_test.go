package user

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"testing"
	"time"

	"onex.io/onex/shared/fault"
	"onex.io/onex/shared/identity"
)

const firstPassword = "first-password"

// appoint runs the job on the town and gives what it logged.
func (w *town) appoint(t *testing.T, users users, password string) (log string, err error) {
	t.Helper()
	var b bytes.Buffer
	people := &createUser{
		users: users, namespaces: w, contacts: w, outbox: w, passwords: cheap(), reserved: "admin", now: func() time.Time { return noon },
		log: slog.New(slog.NewJSONHandler(&b, nil)),
	}
	err = (&makeAdmin{people: people, passwords: w}).Run(t.Context(), password)
	return b.String(), err
}

func (w *town) ReplacePassword(_ context.Context, id, from, to string) (bool, error) {
	u := w.users[id]
	if u.PasswordHash != from {
		return false, nil
	}
	u.PasswordHash, u.DeployedHash = to, to
	w.users[id] = u
	return true, nil
}

func TestTheFirstDeploymentMakesOneAdministrator(t *testing.T) {
	w, id := newTown(), identity.UserID("admin")
	log, err := w.appoint(t, w, firstPassword)
	if err != nil {
		t.Fatal(err)
	}
	u := w.users[id]
	if len(w.users) != 1 || !u.Admin || u.Username != "admin" || u.Status != identity.Registered || !matches(u.PasswordHash, firstPassword) {
		t.Errorf("kept %+v", w.users)
	}
	if !w.namespaces[id] || len(w.told) != 1 {
		t.Errorf("an administrator is a user too: namespaces %v, told %v", w.namespaces, w.told)
	}
	if !strings.Contains(log, "administrator made") || strings.Contains(log, firstPassword) {
		t.Errorf("logged %s", log)
	}
}

func TestALaterDeploymentChangesNothing(t *testing.T) {
	w, id := newTown(), identity.UserID("admin")
	if _, err := w.appoint(t, w, firstPassword); err != nil {
		t.Fatal(err)
	}
	u := w.users[id]
	u.PasswordHash, u.Nickname = "changed by the administrator", "Boss"
	w.users[id] = u
	for name, users := range map[string]users{"a later job": w, "a job whose twin is quicker": late{w}} {
		for _, password := range []string{firstPassword, "of-new-keys"} {
			if log, err := w.appoint(t, users, password); err != nil || log != "" {
				t.Errorf("%s: %v, logged %s", name, err, log)
			}
		}
	}
	if len(w.users) != 1 || w.users[id] != u || len(w.told) != 1 {
		t.Errorf("kept %+v, told %v", w.users, w.told)
	}
}

// A deployment with new keys, as after an undeploy, would else leave a password that nobody knows.
func TestAFirstPasswordThatWasNeverChangedIsThatOfTheDeployment(t *testing.T) {
	w, id := newTown(), identity.UserID("admin")
	for _, password := range []string{firstPassword, firstPassword, "of-new-keys", "of-new-keys"} {
		before := w.users[id].PasswordHash
		log, err := w.appoint(t, w, password)
		u := w.users[id]
		if err != nil || !matches(u.PasswordHash, password) || strings.Contains(log, password) {
			t.Errorf("%s: %v, logged %s", password, err, log)
		}
		if known := matches(before, password); known && before != u.PasswordHash {
			t.Errorf("%s: hashed again for nothing", password)
		}
	}
}

// late sees no user until it has tried to insert one.
type late struct{ *town }

func (s late) Get(ctx context.Context, id string) (*identity.User, error) {
	if s.steps[len(s.steps)-1] != "insert" {
		s.steps = append(s.steps, "get")
		return nil, fault.New(fault.Missing, "NotFound", "not there")
	}
	return s.town.Get(ctx, id)
}

func TestSomebodyWhoHasTheNameIsNotMadeAdministrator(t *testing.T) {
	w := newTown()
	if _, err := w.signUp(t, "admin"); err != nil { // signed up while the administrator had another name
		t.Fatal(err)
	}
	_, err := w.appoint(t, w, firstPassword)
	if err == nil || !strings.Contains(err.Error(), "ONEX_ADMIN_USERNAME") || w.users[identity.UserID("admin")].Admin {
		t.Errorf("got %v, kept %+v", err, w.users)
	}
}

func TestNobodySignsUpUnderTheAdministratorsName(t *testing.T) {
	w := newTown()
	for _, name := range []string{"admin", "Admin", "ADMIN"} {
		f := w.signUps()
		f.reserved = "admin"
		_, err := f.Handle(t.Context(), request(name))
		wantKind(t, name, err, fault.Conflict)
		if fault.ReasonOf(err) != "UserAlreadyExists" {
			t.Errorf("%s: got %v", name, err)
		}
	}
	if len(w.steps) != 0 {
		t.Errorf("touched %v", w.steps)
	}
}

func TestWhereverTheJobDiesTheNextOneMakesTheAdministrator(t *testing.T) {
	for _, step := range []string{"get", "intend", "namespace", "insert"} {
		w := newTown()
		w.die = step
		if _, err := w.appoint(t, w, firstPassword); err == nil {
			t.Errorf("%s away: no error, so nobody tries again", step)
		}
		w.die = ""
		if _, err := w.appoint(t, w, firstPassword); err != nil || len(w.users) != 1 || len(w.told) != 1 {
			t.Errorf("after %s was away: %v, kept %v, told %v", step, err, w.users, w.told)
		}
	}
}

func TestWithoutAPasswordThereIsNoAdministrator(t *testing.T) {
	w := newTown()
	if _, err := w.appoint(t, w, ""); err == nil || !strings.Contains(err.Error(), "ONEX_ADMIN_PASSWORD") || len(w.users) != 0 {
		t.Errorf("got %v, kept %v", err, w.users)
	}
}
