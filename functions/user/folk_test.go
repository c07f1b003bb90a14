package user

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	cloudevents "github.com/cloudevents/sdk-go/v2"
	"go.mongodb.org/mongo-driver/v2/bson"

	"onex.io/onex/shared/access"
	"onex.io/onex/shared/api/user"
	"onex.io/onex/shared/fault"
	"onex.io/onex/shared/identity"
)

// folk is some users by id, and what was done to them step by step. die is the step at which the process dies.
type folk struct {
	users map[string]identity.User
	tries map[string]int64
	steps []string
	die   string
}

func newFolk() *folk {
	f := &folk{users: map[string]identity.User{}, tries: map[string]int64{}}
	for name, status := range map[string]identity.Status{
		"alice": identity.Active, "bob": identity.Active, "newby": identity.Registered, "mallo": identity.Disabled,
		"leavy": identity.Deleting, "gone": identity.Deleted, "admin": identity.Active,
	} {
		u := identity.User{
			ID: identity.UserID(name), Username: name, Nickname: "N", Email: "a@example.com", Phone: "1234567", Status: status,
			PasswordHash: cheap().Hash("correct horse"), Admin: name == "admin", CreatedAt: noon, UpdatedAt: noon, Epoch: "e",
		}
		f.users[u.ID] = u
	}
	return f
}

var errDead = errors.New("dead")

func (f *folk) step(words ...string) error {
	f.steps = append(f.steps, strings.TrimSpace(strings.Join(words, " ")))
	if f.die == words[0] {
		return errDead
	}
	return nil
}

func (f *folk) Named(_ context.Context, username string) (*identity.User, error) {
	if u, ok := f.users[identity.UserID(username)]; ok {
		return &u, nil
	}
	return nil, fault.New(fault.Missing, "NotFound", "%q is not there", username)
}

func (f *folk) Get(_ context.Context, id string) (*identity.User, error) {
	if u, ok := f.users[id]; ok {
		return &u, f.step("get")
	}
	return nil, fault.New(fault.Missing, "NotFound", "%q is not there", id)
}

func (f *folk) Set(_ context.Context, id string, fields bson.D) (bool, error) {
	u := f.users[id]
	for _, field := range fields {
		switch field.Key {
		case "nickname":
			u.Nickname = field.Value.(string)
		case "email":
			u.Email = field.Value.(string)
		case "phone":
			u.Phone = field.Value.(string)
		case "updatedAt":
			u.UpdatedAt = field.Value.(time.Time)
		}
	}
	f.users[id] = u
	return true, f.step("set")
}

func (f *folk) Claim(_ context.Context, u *identity.User) error {
	return f.step("claim", u.Email, u.Phone)
}

func (f *folk) Disclaim(_ context.Context, before, now *identity.User) error {
	if now == nil {
		return f.step("disclaim", before.Email)
	}
	return f.step("disclaim", before.Email, "for", now.Email)
}

func (f *folk) Move(_ context.Context, id string, to identity.Status, now time.Time) (bool, error) {
	u := f.users[id]
	if u.Status != to && !u.Status.May(to) {
		return false, fault.New(fault.Conflict, "UserStatus", "no")
	}
	moved := u.Status != to
	u.Status, u.UpdatedAt = to, now
	f.users[id] = u
	return moved, f.step("move", string(to))
}

func (f *folk) ChangePassword(_ context.Context, u *identity.User, to string, now time.Time) (string, bool, error) {
	kept := f.users[u.ID]
	if kept.PasswordHash != u.PasswordHash {
		return "", false, nil
	}
	kept.PasswordHash, kept.Epoch, kept.UpdatedAt = to, "next", now
	f.users[u.ID] = kept
	return "next", true, f.step("change")
}

func (f *folk) Keep(_ context.Context, id, epoch string) error { return f.step("keep", id, epoch) }

func (f *folk) Clear(_ context.Context, _, but string) error { return f.step("clear but", but) }

func (f *folk) Count(_ context.Context, key string, _ time.Time) (int64, error) {
	f.tries[key]++
	return f.tries[key], nil
}

func (f *folk) Counted(_ context.Context, key string, now time.Time) (int64, time.Time, error) {
	return f.tries[key], now, nil
}

func (f *folk) Forgive(_ context.Context, key string) error {
	delete(f.tries, key)
	return f.step("forgive")
}

func (f *folk) Intend(_ context.Context, e cloudevents.Event) error {
	return f.step("intend", e.Type())
}

func (f *folk) Tell(_ context.Context, e cloudevents.Event) error {
	return f.step("tell", strings.TrimPrefix(e.ID(), identity.UserID("alice")))
}

func (f *folk) locks() locks {
	return locks{attempts: f, most: 3, now: func() time.Time { return noon }}
}

func (f *folk) status(name string) identity.Status { return f.users[identity.UserID(name)].Status }

// as is a call by somebody, with a session.
func as(t *testing.T, name string) context.Context {
	return access.With(t.Context(), access.Principal{UserID: identity.UserID(name), Session: "s", Admin: name == "admin"})
}

// deed is an operation on a user, by the name of the user.
type deed func(ctx context.Context, f *folk, username string) error

func deeds() map[string]deed {
	nickname := "Al"
	return map[string]deed{
		"get": func(ctx context.Context, f *folk, username string) error {
			_, err := (&getUser{users: f, locks: f.locks()}).Handle(ctx, &user.GetRequest{Username: username})
			return err
		},
		"update": func(ctx context.Context, f *folk, username string) error {
			_, err := f.updates().Handle(ctx, &user.UpdateRequest{Username: username, Body: user.Update{Nickname: &nickname}})
			return err
		},
		"change": func(ctx context.Context, f *folk, username string) error {
			_, err := f.changes().Handle(ctx, change(username, "correct horse", "another horse"))
			return err
		},
		"delete": func(ctx context.Context, f *folk, username string) error {
			_, err := f.deletes().Handle(ctx, &user.DeleteRequest{Username: username})
			return err
		},
		"enable": func(ctx context.Context, f *folk, username string) error {
			_, err := (&enableUser{users: f, locks: f.locks()}).Handle(ctx, &user.EnableRequest{Username: username})
			return err
		},
		"disable": func(ctx context.Context, f *folk, username string) error {
			_, err := (&disableUser{users: f, reserved: "admin", now: f.locks().now}).Handle(ctx, &user.DisableRequest{Username: username})
			return err
		},
		"logins": func(ctx context.Context, f *folk, username string) error {
			_, err := (&listLogins{users: f, history: &memoir{}}).Handle(ctx, &user.LoginsRequest{Username: username})
			return err
		},
	}
}

func (f *folk) updates() *updateUser { return &updateUser{users: f, now: f.locks().now} }

func (f *folk) changes() *changePassword {
	return &changePassword{users: f, sessions: f, locks: f.locks(), passwords: cheap()}
}

func (f *folk) deletes() *deleteUser {
	return &deleteUser{users: f, outbox: f, reserved: "admin", now: f.locks().now, log: slog.New(slog.DiscardHandler)}
}

func change(username, from, to string) *user.ChangePasswordRequest {
	return &user.ChangePasswordRequest{Username: username, Body: user.ChangePassword{OldPassword: from, NewPassword: to}}
}

func TestWhoMayDoWhatToWhom(t *testing.T) {
	const forbidden, missing = "UserOperationForbidden", "UserNotFound"
	for _, row := range []struct {
		name, caller, whom string
		want               map[string]string // reasons, of those that do not succeed
	}{
		{"oneself", "alice", "alice", nil},
		// Who may enable and disable at all, the level says, and policies: whoever comes that far may do it to anybody.
		{"another", "alice", "bob", everyDeed(forbidden, "")},
		{"somebody who is not there, as if there", "alice", "carol", everyDeed(forbidden, missing)},
		{"somebody who has left, as if there", "alice", "gone", everyDeed(forbidden, missing)},
		{"the first administrator", "alice", "admin", map[string]string{
			"get": forbidden, "update": forbidden, "change": forbidden, "delete": forbidden, "logins": forbidden, "disable": forbidden,
		}},
		{"an administrator to another", "admin", "alice", map[string]string{"change": forbidden}},
		{"an administrator to oneself", "admin", "admin", map[string]string{"delete": forbidden, "disable": forbidden}},
		{"an administrator to who has never logged in", "admin", "newby", map[string]string{"change": forbidden}},
		{"an administrator to who is disabled", "admin", "mallo", map[string]string{"change": forbidden}},
		{"an administrator to who is leaving", "admin", "leavy", map[string]string{"change": forbidden, "update": missing, "enable": missing, "disable": missing}},
		{"an administrator to who has left", "admin", "gone", map[string]string{
			"change": forbidden, "get": missing, "update": missing, "enable": missing, "disable": missing, "logins": missing,
		}},
		{"an administrator to who is not there", "admin", "carol", map[string]string{
			"change": forbidden, "get": missing, "update": missing, "enable": missing, "disable": missing, "logins": missing,
		}},
	} {
		for name, do := range deeds() {
			f := newFolk()
			for _, time := range []string{"once", "repeated"} {
				if name == "change" && time == "repeated" {
					continue // the old password is another then
				}
				err := do(as(t, row.caller), f, row.whom)
				if want := row.want[name]; err == nil && want != "" || err != nil && (want == "" || fault.ReasonOf(err) != want) {
					t.Errorf("%s: %s, %s: %v, want %q", row.name, name, time, err, want)
				}
			}
			if row.want[name] != "" && len(f.steps) > 0 {
				t.Errorf("%s: %s did %q", row.name, name, f.steps)
			}
		}
	}
}

// everyDeed wants one reason for all deeds but those that are for administrators, and another for these.
func everyDeed(reason, ofAdmins string) map[string]string {
	all := map[string]string{}
	for name := range deeds() {
		all[name] = reason
	}
	all["enable"], all["disable"] = ofAdmins, ofAdmins
	return all
}
