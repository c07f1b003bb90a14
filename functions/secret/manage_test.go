package secret

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"onex.io/onex/shared/access"
	"onex.io/onex/shared/api/page"
	"onex.io/onex/shared/api/secret"
	"onex.io/onex/shared/api/unix"
	"onex.io/onex/shared/fault"
	"onex.io/onex/shared/identity"
	"onex.io/onex/shared/seal"
)

// drawer holds the secrets of users, under the rules of the store.
type drawer struct {
	of   map[string][]identity.Secret
	away bool
}

func (d *drawer) gone() error {
	if d.away {
		return fault.New(fault.Busy, "StoreAway", "away")
	}
	return nil
}

func (d *drawer) List(_ context.Context, userID string) ([]identity.Secret, error) {
	return d.of[userID], d.gone()
}

func (d *drawer) find(userID, name string) (*identity.Secret, error) {
	if err := d.gone(); err != nil {
		return nil, err
	}
	i := slices.IndexFunc(d.of[userID], func(s identity.Secret) bool { return s.Name == name })
	if i < 0 {
		return nil, fault.New(fault.Missing, "SecretNotFound", "you have no secret %q", name)
	}
	return &d.of[userID][i], nil
}

func (d *drawer) Named(_ context.Context, userID, name string) (*identity.Secret, error) {
	return d.find(userID, name)
}

func (d *drawer) Change(_ context.Context, userID, name string, make func(*identity.Secret)) error {
	s, err := d.find(userID, name)
	if err == nil {
		make(s)
	}
	return err
}

func (d *drawer) Remove(_ context.Context, userID, name string) error {
	d.of[userID] = slices.DeleteFunc(d.of[userID], func(s identity.Secret) bool { return s.Name == name })
	return d.gone()
}

const sealed = "what is sealed"

func newDrawer() *drawer {
	one := func(name string) identity.Secret {
		return identity.Secret{
			ID: "id-" + name, Name: name, Description: "d", Status: identity.SecretActive, Expires: 9,
			Key: seal.Sealed{Key: []byte(sealed), Data: []byte(sealed)}, CreatedAt: noon.UTC(), UpdatedAt: noon.UTC(),
		}
	}
	return &drawer{of: map[string][]identity.Secret{"user-a": {one("ci"), one("cd")}, "user-b": {one("ci")}}}
}

func by(t *testing.T, user string) context.Context {
	return access.With(t.Context(), access.Principal{UserID: user, Admin: user == "user-root"})
}

func TestOnlyTheOwnSecretsAreListedAndNeverAKey(t *testing.T) {
	f := &listSecrets{secrets: newDrawer()}
	for _, row := range []struct {
		name, user string
		page       page.Page
		total      int64
		want       []string
	}{
		{"a user's", "user-a", page.Page{Limit: 100}, 2, []string{"ci", "cd"}},
		{"a part of them", "user-a", page.Page{Limit: 1, Offset: 1}, 2, []string{"cd"}},
		{"another's", "user-b", page.Page{Limit: 100}, 1, []string{"ci"}},
		{"an administrator's own", "user-root", page.Page{Limit: 100}, 0, nil},
	} {
		got, err := f.Handle(by(t, row.user), &secret.ListRequest{Page: row.page})
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, s := range got.Secrets {
			names = append(names, s.Name)
			if s.UserID != row.user {
				t.Errorf("%s: one of %s", row.name, s.UserID)
			}
		}
		if got.TotalCount != row.total || !slices.Equal(names, row.want) {
			t.Errorf("%s: %d, %v", row.name, got.TotalCount, names)
		}
		if text, err := json.Marshal(got); err != nil || strings.Contains(string(text), "ecretKey") || !strings.Contains(string(text), `"Secrets":[`) || !strings.Contains(string(text), `"totalCount":"`) {
			t.Errorf("%s: %s, %v", row.name, text, err)
		}
	}
}

func TestOneSecretIsShownToItsOwner(t *testing.T) {
	f := &getSecret{secrets: newDrawer()}
	got, err := f.Handle(by(t, "user-a"), &secret.GetRequest{Name: "ci"})
	want := secret.Secret{UserID: "user-a", Name: "ci", SecretID: "id-ci", Expires: 9, Status: 1, Description: "d", CreatedAt: noon.UTC(), UpdatedAt: noon.UTC()}
	if err != nil || *got != want {
		t.Errorf("got %+v, %v", got, err)
	}
	for _, user := range []string{"user-b", "user-root"} {
		if got, err := f.Handle(by(t, user), &secret.GetRequest{Name: "cd"}); err == nil || fault.KindOf(err) != fault.Missing || fault.ReasonOf(err) != "SecretNotFound" {
			t.Errorf("%s: %+v, %v", user, got, err)
		}
	}
}

func TestAnUpdateChangesWhatItNamesAndNothingElse(t *testing.T) {
	end, never, past, long, off, on, text, none := unix.Time(noon.Unix()+60), unix.Time(0), unix.Time(1), unix.Time(-1), 0, 1, "builds", ""
	for _, row := range []struct {
		name   string
		update secret.Update
		want   func(*identity.Secret)
	}{
		{"nothing", secret.Update{}, func(*identity.Secret) {}},
		{"the status", secret.Update{Status: &off}, func(s *identity.Secret) { s.Status = identity.SecretDisabled }},
		{"the status it has", secret.Update{Status: &on}, func(*identity.Secret) {}},
		{"the end", secret.Update{Expires: &end}, func(s *identity.Secret) { s.Expires = int64(end) }},
		{"no end", secret.Update{Expires: &never}, func(s *identity.Secret) { s.Expires = 0 }},
		{"at once", secret.Update{Expires: &past}, func(s *identity.Secret) { s.Expires = 1 }},
		{"the description", secret.Update{Description: &text}, func(s *identity.Secret) { s.Description = text }},
		{"no description", secret.Update{Description: &none}, func(s *identity.Secret) { s.Description = "" }},
		{"a time that is none", secret.Update{Expires: &long, Status: &off}, nil},
	} {
		d := newDrawer()
		f := &updateSecret{secrets: d, now: func() time.Time { return noon.Add(time.Hour) }}
		want := newDrawer().of["user-a"][0]
		for range 2 { // repeated
			_, err := f.Handle(by(t, "user-a"), &secret.UpdateRequest{Name: "ci", Body: row.update})
			if row.want == nil {
				if err == nil || fault.KindOf(err) != fault.Invalid || fault.Of(err).Metadata["field"] != "body.expires" {
					t.Errorf("%s: %v", row.name, err)
				}
				continue
			}
			if err != nil {
				t.Errorf("%s: %v", row.name, err)
			}
			row.want(&want)
			want.UpdatedAt = noon.Add(time.Hour).UTC().Truncate(time.Millisecond)
		}
		got := d.of["user-a"][0]
		if string(got.Key.Data) != sealed {
			t.Errorf("%s: the key is another", row.name)
		}
		got.Key, want.Key = seal.Sealed{}, seal.Sealed{}
		if got.ID != want.ID || got.Name != want.Name || got.Status != want.Status || got.Expires != want.Expires || got.Description != want.Description || !got.UpdatedAt.Equal(want.UpdatedAt) || !got.CreatedAt.Equal(want.CreatedAt) {
			t.Errorf("%s: kept %+v, want %+v", row.name, got, want)
		}
		if other := d.of["user-b"][0]; other.Status != identity.SecretActive || other.Expires != 9 || other.Description != "d" {
			t.Errorf("%s: another's is changed: %+v", row.name, other)
		}
	}
}

func TestASecretThatIsNotThereIsNotUpdated(t *testing.T) {
	f := &updateSecret{secrets: newDrawer(), now: func() time.Time { return noon }}
	if _, err := f.Handle(by(t, "user-b"), &secret.UpdateRequest{Name: "cd"}); err == nil || fault.KindOf(err) != fault.Missing || fault.ReasonOf(err) != "SecretNotFound" {
		t.Errorf("got %v", err)
	}
}

func TestADeletedSecretIsTheOwnersAlone(t *testing.T) {
	d := newDrawer()
	f := &deleteSecret{secrets: d}
	for range 2 { // repeated
		if _, err := f.Handle(by(t, "user-a"), &secret.DeleteRequest{Name: "ci"}); err != nil {
			t.Error(err)
		}
	}
	if len(d.of["user-a"]) != 1 || d.of["user-a"][0].Name != "cd" || len(d.of["user-b"]) != 1 {
		t.Errorf("left %+v", d.of)
	}
}

func TestAStoreThatIsAwayIsSaid(t *testing.T) {
	d := newDrawer()
	d.away = true
	ctx := by(t, "user-a")
	for name, call := range map[string]func() error{
		"list":   func() error { _, err := (&listSecrets{d}).Handle(ctx, &secret.ListRequest{}); return err },
		"get":    func() error { _, err := (&getSecret{d}).Handle(ctx, &secret.GetRequest{Name: "ci"}); return err },
		"delete": func() error { _, err := (&deleteSecret{d}).Handle(ctx, &secret.DeleteRequest{Name: "ci"}); return err },
		"update": func() error {
			_, err := (&updateSecret{d, time.Now}).Handle(ctx, &secret.UpdateRequest{Name: "ci"})
			return err
		},
	} {
		if err := call(); err == nil || fault.KindOf(err) != fault.Busy {
			t.Errorf("%s: %v", name, err)
		}
	}
}
