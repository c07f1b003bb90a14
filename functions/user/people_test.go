package user

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"onex.io/onex/shared/access"
	"onex.io/onex/shared/api/page"
	"onex.io/onex/shared/api/user"
	"onex.io/onex/shared/fault"
	"onex.io/onex/shared/identity"
)

func TestAUserIsShownWithoutThePassword(t *testing.T) {
	f := newFolk()
	f.tries[identity.AccountKey(identity.UserID("bob"))] = 3
	for name, status := range map[string]string{"alice": "active", "bob": "locked", "newby": "registered", "mallo": "disabled", "leavy": "deleting"} {
		got, err := (&getUser{users: f, locks: f.locks()}).Handle(as(t, "admin"), &user.GetRequest{Username: name})
		want := &user.User{
			UserID: identity.UserID(name), Username: name, Nickname: "N", Email: "a@example.com", Phone: "1234567", Status: status, CreatedAt: noon, UpdatedAt: noon,
		}
		if err != nil || cmp.Diff(want, got) != "" {
			t.Errorf("%s: %v (-want +got)\n%s", name, err, cmp.Diff(want, got))
		}
	}
}

func TestAnUpdateChangesWhatItNamesAndNothingElse(t *testing.T) {
	empty, other := "", "other"
	for name, row := range map[string]struct {
		in                     user.Update
		nickname, email, phone string
	}{
		"nothing":      {user.Update{}, "N", "a@example.com", "1234567"},
		"the nickname": {user.Update{Nickname: &other}, "other", "a@example.com", "1234567"},
		"the e-mail":   {user.Update{Email: &other}, "N", "other", "1234567"},
		"the phone":    {user.Update{Phone: &other}, "N", "a@example.com", "other"},
		"to nothing":   {user.Update{Nickname: &empty, Email: &empty, Phone: &empty}, "", "", ""},
	} {
		f := newFolk()
		before := f.users[identity.UserID("alice")]
		for range 2 { // repeated
			f.steps = nil
			if _, err := f.updates().Handle(as(t, "alice"), &user.UpdateRequest{Username: "alice", Body: row.in}); err != nil {
				t.Fatal(err)
			}
		}
		want := before
		want.Nickname, want.Email, want.Phone, want.UpdatedAt = row.nickname, row.email, row.phone, noon.Truncate(time.Millisecond)
		if diff := cmp.Diff(want, f.users[before.ID]); diff != "" {
			t.Errorf("%s (-want +got)\n%s", name, diff)
		}
		// the user before the addresses: an address counts only while it is the user's
		if got, want := strings.Join(f.steps, ", "), strings.Join([]string{
			"set", strings.TrimSpace("claim " + row.email + " " + row.phone), strings.TrimSpace("disclaim " + row.email + " for " + row.email),
		}, ", "); got != want {
			t.Errorf("%s: did %q, want %q", name, got, want)
		}
	}
}

func TestAChangedPasswordEndsTheOtherSessions(t *testing.T) {
	f := newFolk()
	if _, err := f.changes().Handle(as(t, "alice"), change("alice", "correct horse", "another horse")); err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(f.steps, ", "); got != "forgive, change, keep s next, clear but s" || !matches(f.users[identity.UserID("alice")].PasswordHash, "another horse") {
		t.Errorf("did %q, kept %+v", got, f.users[identity.UserID("alice")])
	}
	f.steps = nil
	byKey := access.With(t.Context(), access.Principal{UserID: identity.UserID("alice")})
	if _, err := f.changes().Handle(byKey, change("alice", "another horse", "correct horse")); err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(f.steps, ", "); got != "forgive, change, clear but" {
		t.Errorf("by a key: did %q", got)
	}
}

func TestWhoStoleASessionGuessesThePasswordNoMoreThanAStranger(t *testing.T) {
	f := newFolk()
	for i := range 4 {
		password := "wrong horse"
		if i == 3 {
			password = "correct horse" // too late
		}
		_, err := f.changes().Handle(as(t, "alice"), change("alice", password, "another horse"))
		if e := fault.Of(err); err == nil || e.Kind != fault.Invalid || e.Metadata["field"] != "body.oldPassword" {
			t.Errorf("guess %d: %v", i, err)
		}
	}
	if len(f.steps) > 0 || !matches(f.users[identity.UserID("alice")].PasswordHash, "correct horse") {
		t.Errorf("did %q", f.steps)
	}
	if _, err := (&enableUser{users: f, locks: f.locks()}).Handle(as(t, "admin"), &user.EnableRequest{Username: "alice"}); err != nil {
		t.Fatal(err)
	}
	if _, err := f.changes().Handle(as(t, "alice"), change("alice", "correct horse", "another horse")); err != nil {
		t.Errorf("after an administrator has let in again: %v", err)
	}
}

func TestEnablingAndDisabling(t *testing.T) {
	for _, row := range []struct {
		do, whom string
		want     identity.Status
	}{
		{"disable", "alice", identity.Disabled},
		{"disable", "newby", identity.Disabled},
		{"disable", "mallo", identity.Disabled},
		{"enable", "mallo", identity.Active},
		{"enable", "alice", identity.Active},
		{"enable", "newby", identity.Registered},
	} {
		f := newFolk()
		for range 2 { // repeated
			if err := deeds()[row.do](as(t, "admin"), f, row.whom); err != nil || f.status(row.whom) != row.want {
				t.Errorf("%s %s: %v, %s", row.do, row.whom, err, f.status(row.whom))
			}
		}
	}
}

// census is some users, page by page, and their secrets.
type census struct {
	folk          *folk
	limit, offset int64
	away          string
}

func (c *census) Page(_ context.Context, limit, offset int64) ([]identity.User, int64, error) {
	c.limit, c.offset = limit, offset
	if c.away == "users" {
		return nil, 0, errors.New("away")
	}
	return []identity.User{c.folk.users[identity.UserID("alice")], c.folk.users[identity.UserID("bob")]}, 7, nil
}

func (c *census) Counts(_ context.Context, ids []string) (map[string]int64, error) {
	if c.away == "secrets" {
		return nil, errors.New("away")
	}
	return map[string]int64{ids[1]: 4}, nil
}

func TestAListCountsTheSecretsAndTellsNoPassword(t *testing.T) {
	c := &census{folk: newFolk()}
	got, err := (&listUsers{users: c, keys: c}).Handle(t.Context(), &user.ListRequest{Page: page.Page{Limit: 2, Offset: 1}})
	if err != nil || got.TotalCount != 7 || len(got.Users) != 2 || got.Users[0].Secrets != 0 || got.Users[1].Secrets != 4 || got.Users[1].Username != "bob" || c.limit != 2 || c.offset != 1 {
		t.Errorf("asked %d from %d: %+v, %v", c.limit, c.offset, got, err)
	}
	if _, err := (&listUsers{users: c, keys: c}).Handle(t.Context(), &user.ListRequest{}); err != nil || c.limit != 1000 {
		t.Errorf("a limit of 0: asked %d, %v", c.limit, err)
	}
	for _, part := range []string{"users", "secrets"} {
		c.away = part
		if got, err := (&listUsers{users: c, keys: c}).Handle(t.Context(), &user.ListRequest{}); err == nil {
			t.Errorf("%s away: %+v", part, got)
		}
	}
}

// memoir is the log-ins of users.
type memoir struct{ limit, offset int64 }

func (m *memoir) Page(_ context.Context, userID string, limit, offset int64) ([]identity.LogIn, int64, error) {
	m.limit, m.offset = limit, offset
	return []identity.LogIn{{UserID: userID, At: noon, Client: identity.Web, Agent: "Firefox", Address: "192.0.2.7", Result: identity.WrongPassword}}, 3, nil
}

func TestLogInsAreTold(t *testing.T) {
	m := &memoir{}
	got, err := (&listLogins{users: newFolk(), history: m}).Handle(as(t, "alice"), &user.LoginsRequest{Username: "alice", Page: page.Page{Limit: 5, Offset: 2}})
	want := &user.Logins{TotalCount: 3, Items: []user.Login{{At: noon, Kind: "web", Client: "Firefox", Address: "192.0.2.7", Result: "wrong-password"}}}
	if err != nil || cmp.Diff(want, got) != "" || m.limit != 5 || m.offset != 2 {
		t.Errorf("asked %d from %d, %v (-want +got)\n%s", m.limit, m.offset, err, cmp.Diff(want, got))
	}
}
