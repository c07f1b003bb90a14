package secret

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"onex.io/onex/shared/access"
	"onex.io/onex/shared/api/secret"
	"onex.io/onex/shared/api/unix"
	"onex.io/onex/shared/fault"
	"onex.io/onex/shared/identity"
	"onex.io/onex/shared/seal"
)

var noon = time.Date(2026, 11, 20, 12, 0, 0, 123456789, time.UTC)

// vault keeps what it is given, under the rules of the store; what these are, the store's own suite says.
type vault struct {
	kept []identity.Secret
	of   []string
	away bool
}

func (v *vault) Add(_ context.Context, userID string, s *identity.Secret) error {
	if v.away {
		return fault.New(fault.Busy, "StoreAway", "away")
	}
	for _, other := range v.kept {
		if other.Name == s.Name {
			return fault.New(fault.Conflict, "SecretAlreadyExists", "there")
		}
	}
	v.kept, v.of = append(v.kept, *s), append(v.of, userID)
	return nil
}

func newVault(t *testing.T) (*createSecret, *vault, *seal.Box) {
	t.Helper()
	box, err := seal.NewBox(bytes.Repeat([]byte{7}, seal.KeySize))
	if err != nil {
		t.Fatal(err)
	}
	v := &vault{}
	return &createSecret{secrets: v, seals: box, now: func() time.Time { return noon }}, v, box
}

func (f *createSecret) make(t *testing.T, in secret.Create) (*secret.Created, error) {
	t.Helper()
	return f.Handle(access.With(t.Context(), access.Principal{UserID: "user-a"}), &secret.CreateRequest{Body: in})
}

func TestANewSecretIsShownOnceAndKeptSealed(t *testing.T) {
	f, v, box := newVault(t)
	end := unix.Time(noon.Unix() + 60)
	got, err := f.make(t, secret.Create{Name: "ci", Expires: end, Description: "builds"})
	if err != nil {
		t.Fatal(err)
	}
	at := noon.Truncate(time.Millisecond)
	want := secret.Secret{UserID: "user-a", Name: "ci", SecretID: got.SecretID, Expires: end, Status: 1, Description: "builds", CreatedAt: at, UpdatedAt: at}
	if got.Secret != want || len(got.SecretKey) != 64 {
		t.Errorf("told %+v", got)
	}
	kept := v.kept[0]
	if v.of[0] != "user-a" || kept.ID != got.SecretID || kept.Status != identity.SecretActive || kept.Expires != int64(end) {
		t.Errorf("kept %+v of %v", kept, v.of)
	}
	if strings.Contains(fmt.Sprintf("%+v %s %s", kept, kept.Key.Key, kept.Key.Data), got.SecretKey) {
		t.Error("the key is kept as it is")
	}
	if opened, err := box.Open(kept.Key, identity.SecretLabel("user-a", kept.ID)); err != nil || string(opened) != got.SecretKey {
		t.Errorf("the seal holds %q, %v", opened, err)
	}
}

func TestARepeatIsNotToldTheKey(t *testing.T) {
	f, v, _ := newVault(t)
	if _, err := f.make(t, secret.Create{Name: "ci"}); err != nil {
		t.Fatal(err)
	}
	if got, err := f.make(t, secret.Create{Name: "ci"}); err == nil || fault.KindOf(err) != fault.Conflict || got != nil || len(v.kept) != 1 {
		t.Errorf("got %+v, %v, kept %d", got, err, len(v.kept))
	}
	if got, err := f.make(t, secret.Create{Name: "cd"}); err != nil || got.SecretID == v.kept[0].ID {
		t.Errorf("another: %+v, %v", got, err)
	}
}

func TestASecretEndsInTheFutureOrNever(t *testing.T) {
	for _, row := range []struct {
		name string
		end  int64
		ok   bool
	}{
		{"never", 0, true},
		{"in a second", noon.Unix() + 1, true},
		{"now", noon.Unix(), false},
		{"long ago", 1, false},
		{"before there was time", -1, false},
	} {
		f, v, _ := newVault(t)
		_, err := f.make(t, secret.Create{Name: "ci", Expires: unix.Time(row.end)})
		if ok := err == nil; ok != row.ok || ok != (len(v.kept) == 1) {
			t.Errorf("%s: %v, kept %d", row.name, err, len(v.kept))
		}
		if err != nil && (fault.KindOf(err) != fault.Invalid || fault.Of(err).Metadata["field"] != "body.expires") {
			t.Errorf("%s: %+v", row.name, fault.Of(err))
		}
	}
}

func TestWhatCannotBeKeptIsNotTold(t *testing.T) {
	f, v, _ := newVault(t)
	v.away = true
	if got, err := f.make(t, secret.Create{Name: "ci"}); err == nil || fault.KindOf(err) != fault.Busy || got != nil {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestTheReplyIsWrittenAsTheOriginalWritesIt(t *testing.T) {
	b, err := json.Marshal(secret.Created{Secret: secret.Secret{Expires: 1720000000, Status: 1}, SecretKey: "k"})
	if err != nil || !strings.Contains(string(b), `"expires":"1720000000","status":1,`) || !strings.Contains(string(b), `"secretKey":"k"`) {
		t.Errorf("%s, %v", b, err)
	}
	for _, text := range []string{`{"name":"ci","expires":"1720000000"}`, `{"name":"ci","expires":1720000000}`} {
		var in secret.Create
		if err := json.Unmarshal([]byte(text), &in); err != nil || in.Expires != 1720000000 {
			t.Errorf("%s is read as %+v, %v", text, in, err)
		}
	}
}
