package identitytest

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/mongo"

	"onex.io/onex/shared/fault"
	"onex.io/onex/shared/identity"
)

func renewedHash(t *testing.T, db *mongo.Database) {
	users := identity.NewUsers(db)
	for id, deployed := range map[string]string{"user-a": "", "user-b": "old"} {
		u := &identity.User{ID: id, PasswordHash: "old", DeployedHash: deployed}
		must(t, users.Insert(t.Context(), id, u))
		must(t, users.RenewHash(t.Context(), u, "new"))
		must(t, users.RenewHash(t.Context(), u, "late"))
		want := deployed
		if deployed != "" {
			want = "new" // the same password, so it is deployed still
		}
		if kept, err := users.Get(t.Context(), id); err != nil || kept.PasswordHash != "new" || kept.DeployedHash != want {
			t.Errorf("%s: kept %+v, %v", id, kept, err)
		}
	}
}

func changedPassword(t *testing.T, db *mongo.Database) {
	users := identity.NewUsers(db)
	u := &identity.User{ID: "user-a", PasswordHash: "old", DeployedHash: "old", Epoch: "e"}
	must(t, users.Insert(t.Context(), u.ID, u))
	epoch, done, err := users.ChangePassword(t.Context(), u, "new", noon())
	kept, failed := users.Get(t.Context(), u.ID)
	if err != nil || !done || failed != nil || kept.PasswordHash != "new" || kept.DeployedHash != "old" || kept.Epoch != epoch || epoch == "e" || !kept.UpdatedAt.Equal(noon()) {
		t.Errorf("%v, %v: kept %+v, %v", done, err, kept, failed)
	}
	if _, done, err = users.ChangePassword(t.Context(), u, "late", noon()); err != nil || done {
		t.Errorf("late: %v, %v", done, err)
	}
}

func moved(t *testing.T, db *mongo.Database) {
	users := identity.NewUsers(db)
	all := []identity.Status{identity.Registered, identity.Active, identity.Disabled, identity.Deleting, identity.Deleted}
	for i, from := range all {
		for j, to := range all {
			id := fmt.Sprintf("user-%d-%d", i, j)
			must(t, users.Insert(t.Context(), id, &identity.User{ID: id, Status: from, Epoch: "e"}))
			done, err := users.Move(t.Context(), id, to, noon())
			kept, failed := users.Get(t.Context(), id)
			must(t, failed)
			ends := done && (to == identity.Disabled || to == identity.Deleting)
			if (kept.Epoch != "e") != ends {
				t.Errorf("%s to %s: sessions end %v, want %v", from, to, !ends, ends)
			}
			switch {
			case from == to && (done || err != nil):
				t.Errorf("%s stays: %v, %v", from, done, err)
			case from != to && from.May(to) && (!done || err != nil || kept.Status != to || !kept.UpdatedAt.Equal(noon())):
				t.Errorf("%s to %s: %v, %v", from, to, done, err)
			case from != to && !from.May(to) && (done || err == nil || fault.KindOf(err) != fault.Conflict || kept.Status != from):
				t.Errorf("%s to %s: %v, %v", from, to, done, err)
			}
		}
	}
	_, err := users.Move(t.Context(), "user-x", identity.Active, noon())
	wantKind(t, "somebody who is not there", err, fault.Missing)
}

func listed(t *testing.T, db *mongo.Database) {
	users := identity.NewUsers(db)
	for i, status := range []identity.Status{identity.Active, identity.Deleted, identity.Disabled, identity.Deleting, identity.Registered} {
		id := fmt.Sprint("user-", i)
		must(t, users.Insert(t.Context(), id, &identity.User{ID: id, Status: status, CreatedAt: noon().Add(time.Duration(i) * time.Second)}))
	}
	for _, row := range []struct {
		limit, offset int64
		want          string
	}{{10, 0, "4 3 2 0"}, {2, 1, "3 2"}, {10, 4, ""}} {
		page, total, err := users.Page(t.Context(), row.limit, row.offset)
		must(t, err)
		var ids []string
		for _, u := range page {
			ids = append(ids, strings.TrimPrefix(u.ID, "user-"))
		}
		if got := strings.Join(ids, " "); got != row.want || total != 4 {
			t.Errorf("%d from %d: %q of %d, want %q of 4", row.limit, row.offset, got, total, row.want)
		}
	}
	leaving, err := users.Leaving(t.Context())
	if err != nil || len(leaving) != 1 || leaving[0].ID != "user-3" {
		t.Errorf("leaving %+v, %v", leaving, err)
	}
	must(t, users.Bury(t.Context(), &leaving[0], noon()))
	if kept, err := users.Get(t.Context(), "user-3"); err != nil || kept.Status != identity.Deleted || !kept.CreatedAt.Equal(leaving[0].CreatedAt) {
		t.Errorf("buried %+v, %v", kept, err)
	}
}

// person is a user of the directory who has claimed the own addresses.
func person(t *testing.T, d identity.Directory, name, email, phone string) *identity.User {
	t.Helper()
	u := &identity.User{ID: identity.UserID(name), Username: name, Email: email, Phone: phone, Status: identity.Active}
	must(t, d.Insert(t.Context(), u.ID, u))
	must(t, d.Claim(t.Context(), u))
	must(t, d.Claim(t.Context(), u)) // repeated
	return u
}

// wantFound wants each name to find a user of that username; "" for nobody.
func wantFound(t *testing.T, d identity.Directory, want map[string]string) {
	t.Helper()
	for name, username := range want {
		u, err := d.Find(t.Context(), name)
		switch {
		case username == "":
			wantKind(t, name, err, fault.Missing)
		case err != nil || u.Username != username:
			t.Errorf("%s: found %+v, %v, want %s", name, u, err, username)
		}
	}
}

func reached(t *testing.T, db *mongo.Database) {
	d := identity.NewDirectory(db)
	person(t, d, "alice", "Alice@Example.com", "+86 (181) 2884-0000")
	person(t, d, "bob", "", "")
	wantFound(t, d, map[string]string{
		"alice": "alice", "alice@example.com": "alice", "ALICE@EXAMPLE.COM": "alice", "+8618128840000": "alice", "+86 181.2884.0000": "alice",
		"bob": "bob", "Alice": "", "alice@example.org": "", "8618128840000": "", "": "", "@": "", "+": "", "1234567": "", "bob@": "",
	})
}

func firstClaims(t *testing.T, db *mongo.Database) {
	d := identity.NewDirectory(db)
	person(t, d, "alice", "a@example.com", "1234567")
	person(t, d, "bob", "A@example.com", "123-4567")
	wantFound(t, d, map[string]string{"a@example.com": "alice", "1234567": "alice", "bob": "bob"})
}

func givenUp(t *testing.T, db *mongo.Database) {
	d := identity.NewDirectory(db)
	alice := person(t, d, "alice", "a@example.com", "1234567")
	after := *alice
	after.Email = "other@example.com"
	must(t, d.Put(t.Context(), alice.ID, &after)) // and dies before it is disclaimed
	wantFound(t, d, map[string]string{"a@example.com": "", "1234567": "alice"})
	person(t, d, "bob", "a@example.com", "1234567")
	wantFound(t, d, map[string]string{"a@example.com": "bob", "1234567": "alice"})
	for range 2 { // repeated
		must(t, d.Claim(t.Context(), &after))
		must(t, d.Disclaim(t.Context(), alice, &after))
		wantFound(t, d, map[string]string{"a@example.com": "bob", "other@example.com": "alice", "1234567": "alice"})
	}
	must(t, d.Disclaim(t.Context(), &after, nil))
	wantFound(t, d, map[string]string{"other@example.com": "", "1234567": "", "a@example.com": "bob"})
	left := person(t, d, "carol", "c@example.com", "")
	left.Status = identity.Deleting
	must(t, d.Put(t.Context(), left.ID, left))
	wantFound(t, d, map[string]string{"c@example.com": ""})
}
