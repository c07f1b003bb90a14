// Package identitytest is the conformance suite of sessions and secrets: what must hold of them on every store, however
// many callers come at once.
package identitytest

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"

	"onex.io/onex/shared/fault"
	"onex.io/onex/shared/identity"
	"onex.io/onex/shared/seal"
)

// Run runs the suite in databases of its own, each named after db.
func Run(t *testing.T, db *mongo.Database) {
	for name, test := range map[string]func(*testing.T, *mongo.Database){
		"a refresh token is good once, and its session lives on":                  renewed,
		"a refresh token used again ends its session":                             usedAgain,
		"of many who hold one refresh token at most one gets the next pair":       heldByMany,
		"a session that has ended is not brought back":                            notBroughtBack,
		"a password is replaced only while it is the one that was read":           replaced,
		"a hash is renewed only while it is the one that was read":                renewedHash,
		"a changed password begins an epoch":                                      changedPassword,
		"a user has one session of web and one of phone":                          oneOfEach,
		"of api a user has ten sessions, and the oldest ends":                     tenOfAPI,
		"what has ended takes no room from what has not":                          roomOfEnded,
		"many who log in at once leave no more than may be":                       manyLogIn,
		"sessions are cleared but for one":                                        cleared,
		"what has expired is swept":                                               swept,
		"a user moves along the statuses and no other way":                        moved,
		"users are listed newest first, and none who has left":                    listed,
		"a user is found by name, e-mail and phone":                               reached,
		"who had an address first logs in with it":                                firstClaims,
		"an address that is given up is free":                                     givenUp,
		"tries are counted in a window, each once, however many come at once":     tries,
		"log-ins are told newest first, to each the own":                          history,
		"who leaves leaves no session, secret, log-in or try":                     leaves,
		"a secret is found by its id, with its owner":                             found,
		"a user has ten secrets at most, each of another name":                    limited,
		"many who add secrets at once never make more than ten, and fill the ten": manyAdd,
		"many who add one name at once make one secret":                           manySame,
		"a secret is changed by its name, and nothing else is":                    changed,
		"secrets are sealed anew when the platform's key is another":              resealed,
		"a secret that is removed is found no more, and may come again":           removed,
		"of many who change one user's secrets at once nobody is lost":            manyChange,
	} {
		t.Run(name, func(t *testing.T) {
			own := db.Client().Database(db.Name() + "-" + bson.NewObjectID().Hex())
			t.Cleanup(func() { _ = own.Drop(context.WithoutCancel(t.Context())) })
			test(t, own)
		})
	}
}

func noon() time.Time { return time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC) }

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wantKind(t *testing.T, what string, err error, want fault.Kind) {
	t.Helper()
	if err == nil || fault.KindOf(err) != want {
		t.Errorf("%s: got %v, want %s", what, err, want)
	}
}

func start(t *testing.T, db *mongo.Database) (identity.Sessions, *identity.Session) {
	t.Helper()
	sessions := identity.NewSessions(db)
	return sessions, began(t, sessions, identity.API)
}

func renewed(t *testing.T, db *mongo.Database) {
	sessions, s := start(t, db)
	for round := range int64(3) {
		end := noon().Add(time.Duration(round+2) * time.Hour)
		got, err := sessions.Renew(t.Context(), s.ID, round, end)
		must(t, err)
		kept, err := sessions.Get(t.Context(), s.ID)
		must(t, err)
		if got.UserID != "user-a" || !got.Expires.Equal(end) || !kept.Expires.Equal(end) || !kept.CreatedAt.Equal(noon()) || kept.Round != round+1 {
			t.Errorf("round %d: got %+v, kept %+v", round, got, kept)
		}
	}
}

func usedAgain(t *testing.T, db *mongo.Database) {
	sessions, s := start(t, db)
	other := began(t, sessions, identity.API)
	_, err := sessions.Renew(t.Context(), s.ID, 0, noon().Add(2*time.Hour))
	must(t, err)
	for _, round := range []int64{0, 1, 0} { // again; what the first use has bought; and again
		_, err = sessions.Renew(t.Context(), s.ID, round, noon().Add(2*time.Hour))
		wantKind(t, fmt.Sprint("round ", round), err, fault.Unauthenticated)
	}
	_, err = sessions.Get(t.Context(), s.ID)
	wantKind(t, "the session", err, fault.Missing)
	if _, err := sessions.Get(t.Context(), other.ID); err != nil {
		t.Errorf("another log-in of the user has ended too: %v", err)
	}
}

func heldByMany(t *testing.T, db *mongo.Database) {
	sessions, s := start(t, db)
	var won atomic.Int64
	atOnce(12, func(int) {
		_, err := sessions.Renew(t.Context(), s.ID, 0, noon().Add(2*time.Hour))
		switch {
		case err == nil:
			won.Add(1)
		case fault.KindOf(err) != fault.Unauthenticated:
			t.Errorf("got %v", err)
		}
	})
	if won.Load() > 1 {
		t.Errorf("%d got a pair", won.Load())
	}
	_, err := sessions.Get(t.Context(), s.ID)
	wantKind(t, "the session", err, fault.Missing)
}

func notBroughtBack(t *testing.T, db *mongo.Database) {
	sessions, s := start(t, db)
	must(t, sessions.End(t.Context(), "user-a", s.ID))
	must(t, sessions.End(t.Context(), "user-a", s.ID)) // repeated
	_, err := sessions.Renew(t.Context(), s.ID, 0, noon().Add(2*time.Hour))
	wantKind(t, "renewed", err, fault.Unauthenticated)
	_, err = sessions.Get(t.Context(), s.ID)
	wantKind(t, "the session", err, fault.Missing)
}

func replaced(t *testing.T, db *mongo.Database) {
	users := identity.NewUsers(db)
	must(t, users.Insert(t.Context(), "user-a", &identity.User{ID: "user-a", Username: "a", PasswordHash: "old"}))
	for _, row := range []struct {
		from, to string
		want     bool
	}{{"old", "new", true}, {"old", "late", false}, {"new", "newer", true}} {
		if done, err := users.ReplacePassword(t.Context(), "user-a", row.from, row.to); err != nil || done != row.want {
			t.Errorf("%s to %s: %v, %v", row.from, row.to, done, err)
		}
	}
	u, err := users.Get(t.Context(), "user-a")
	if err != nil || u.Epoch == "" {
		t.Errorf("who came in by the password before stays: %+v, %v", u, err)
	}
	if err != nil || u.PasswordHash != "newer" || u.DeployedHash != "newer" || u.Username != "a" {
		t.Errorf("kept %+v, %v", u, err)
	}
	if done, err := users.ReplacePassword(t.Context(), "user-b", "", "x"); err != nil || done {
		t.Errorf("nobody's: %v, %v", done, err)
	}
}

func secret(name string) *identity.Secret {
	return &identity.Secret{
		ID: identity.NewSecretID(), Name: name, Description: "d", Status: identity.SecretActive, Expires: 7,
		Key: seal.Sealed{Key: []byte{1, 2}, Data: []byte{3, 4}}, CreatedAt: noon(), UpdatedAt: noon(),
	}
}

func found(t *testing.T, db *mongo.Database) {
	secrets := identity.NewSecrets(db)
	want := map[string]string{}
	for _, owner := range []string{"user-a", "user-b"} {
		for _, name := range []string{"ci", "cd"} { // the same names: they are each user's own
			s := secret(name)
			must(t, secrets.Add(t.Context(), owner, s))
			want[s.ID] = owner + "/" + name
		}
	}
	for id, whose := range want {
		owner, s, err := secrets.Find(t.Context(), id)
		must(t, err)
		if owner+"/"+s.Name != whose || s.Status != identity.SecretActive || s.Expires != 7 || string(s.Key.Data) != "\x03\x04" || !s.CreatedAt.Equal(noon()) {
			t.Errorf("%s: found %+v of %s", whose, s, owner)
		}
	}
	_, _, err := secrets.Find(t.Context(), identity.NewSecretID())
	wantKind(t, "an id that nobody has", err, fault.Missing)
	listed, err := secrets.List(t.Context(), "user-a")
	if err != nil || len(listed) != 2 || listed[0].Name != "ci" || listed[1].Name != "cd" {
		t.Errorf("listed %+v, %v", listed, err)
	}
	if listed, err := secrets.List(t.Context(), "user-c"); err != nil || len(listed) != 0 {
		t.Errorf("of somebody without: %+v, %v", listed, err)
	}
}

func limited(t *testing.T, db *mongo.Database) {
	secrets := identity.NewSecrets(db)
	for i := range identity.MostSecrets {
		must(t, secrets.Add(t.Context(), "user-a", secret(fmt.Sprint(i))))
	}
	late := secret("late")
	err := secrets.Add(t.Context(), "user-a", late)
	wantKind(t, "one more", err, fault.Invalid)
	if fault.ReasonOf(err) != "SecretReachMaxCount" {
		t.Errorf("got %v", err)
	}
	_, _, err = secrets.Find(t.Context(), late.ID)
	wantKind(t, "the refused one", err, fault.Missing)
	must(t, secrets.Add(t.Context(), "user-b", secret("0")))
	wantKind(t, "a name that is there", secrets.Add(t.Context(), "user-b", secret("0")), fault.Conflict)
	owners, err := db.Collection("secret-owners").CountDocuments(t.Context(), bson.D{})
	if err != nil || owners != int64(identity.MostSecrets)+1 {
		t.Errorf("%d owners are kept, %v: what was refused fills the store", owners, err)
	}
}

func manyAdd(t *testing.T, db *mongo.Database) {
	secrets := identity.NewSecrets(db)
	var added atomic.Int64
	atOnce(14, func(i int) {
		err := secrets.Add(t.Context(), "user-a", secret(fmt.Sprint(i)))
		switch {
		case err == nil:
			added.Add(1)
		case fault.ReasonOf(err) != "SecretReachMaxCount":
			t.Errorf("got %v", err)
		}
	})
	listed, err := secrets.List(t.Context(), "user-a")
	must(t, err)
	if len(listed) != identity.MostSecrets || added.Load() != identity.MostSecrets {
		t.Errorf("%d secrets are there, %d were added, want %d", len(listed), added.Load(), identity.MostSecrets)
	}
}

func manySame(t *testing.T, db *mongo.Database) {
	secrets := identity.NewSecrets(db)
	var added atomic.Int64
	atOnce(8, func(int) {
		if secrets.Add(t.Context(), "user-a", secret("ci")) == nil {
			added.Add(1)
		}
	})
	listed, err := secrets.List(t.Context(), "user-a")
	must(t, err)
	if len(listed) != 1 || added.Load() != 1 {
		t.Errorf("%d secrets are there, %d were added", len(listed), added.Load())
	}
}

func changed(t *testing.T, db *mongo.Database) {
	secrets := identity.NewSecrets(db)
	one, two, other := secret("ci"), secret("cd"), secret("ci")
	must(t, secrets.Add(t.Context(), "user-a", one))
	must(t, secrets.Add(t.Context(), "user-a", two))
	must(t, secrets.Add(t.Context(), "user-b", other))
	for range 2 { // repeated
		must(t, secrets.Change(t.Context(), "user-a", "ci", func(s *identity.Secret) { s.Status, s.Expires = identity.SecretDisabled, 8 }))
	}
	_, got, err := secrets.Find(t.Context(), one.ID)
	must(t, err)
	if got.Status != identity.SecretDisabled || got.Expires != 8 || got.Description != "d" || string(got.Key.Key) != "\x01\x02" {
		t.Errorf("kept %+v", got)
	}
	for _, id := range []string{two.ID, other.ID} {
		if _, got, err := secrets.Find(t.Context(), id); err != nil || got.Status != identity.SecretActive || got.Expires != 7 {
			t.Errorf("another is changed: %+v, %v", got, err)
		}
	}
	for user, name := range map[string]string{"user-b": "cd", "user-c": "ci"} {
		err := secrets.Change(t.Context(), user, name, func(*identity.Secret) { t.Error("changed") })
		wantKind(t, user, err, fault.Missing)
	}
}

func removed(t *testing.T, db *mongo.Database) {
	secrets := identity.NewSecrets(db)
	one, other := secret("ci"), secret("ci")
	must(t, secrets.Add(t.Context(), "user-a", one))
	must(t, secrets.Add(t.Context(), "user-b", other))
	for range 2 { // repeated
		must(t, secrets.Remove(t.Context(), "user-a", "ci"))
	}
	must(t, secrets.Remove(t.Context(), "user-c", "ci"))
	_, _, err := secrets.Find(t.Context(), one.ID)
	wantKind(t, "the removed one", err, fault.Missing)
	_, err = secrets.Named(t.Context(), "user-a", "ci")
	wantKind(t, "its name", err, fault.Missing)
	if got, err := secrets.Named(t.Context(), "user-b", "ci"); err != nil || got.ID != other.ID {
		t.Errorf("another's: %+v, %v", got, err)
	}
	again := secret("ci")
	must(t, secrets.Add(t.Context(), "user-a", again))
	if got, err := secrets.Named(t.Context(), "user-a", "ci"); err != nil || got.ID != again.ID {
		t.Errorf("again: %+v, %v", got, err)
	}
}

func manyChange(t *testing.T, db *mongo.Database) {
	secrets := identity.NewSecrets(db)
	const n = 6
	for i := range n {
		must(t, secrets.Add(t.Context(), "user-a", secret(fmt.Sprint(i))))
	}
	atOnce(n, func(i int) {
		err := secrets.Change(t.Context(), "user-a", fmt.Sprint(i), func(s *identity.Secret) { s.Expires = 100 })
		if i%2 == 0 && err == nil {
			err = secrets.Remove(t.Context(), "user-a", fmt.Sprint(i))
		}
		if err != nil {
			t.Error(err)
		}
	})
	left, err := secrets.List(t.Context(), "user-a")
	must(t, err)
	if len(left) != n/2 {
		t.Errorf("%d are left", len(left))
	}
	for _, s := range left {
		if s.Expires != 100 {
			t.Errorf("the change of %s is lost", s.Name)
		}
	}
}

// atOnce runs f in n goroutines.
func atOnce(n int, f func(i int)) {
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() { f(i) })
	}
	wg.Wait()
}
