package identity_test

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"onex.io/onex/shared/access"
	"onex.io/onex/shared/fault"
	"onex.io/onex/shared/identity"
	"onex.io/onex/shared/seal"
	"onex.io/onex/shared/token"
)

// keyring holds secrets by their id, with their owners; it can go away, and counts how often it is asked.
type keyring struct {
	secrets map[string]identity.Secret
	owners  map[string]string
	asked   int
	away    bool
}

func (k *keyring) Find(_ context.Context, id string) (string, *identity.Secret, error) {
	k.asked++
	if k.away {
		return "", nil, fault.New(fault.Busy, "StoreAway", "the store does not answer now")
	}
	if s, ok := k.secrets[id]; ok {
		return k.owners[id], &s, nil
	}
	return "", nil, fault.New(fault.Missing, "NotFound", "not there")
}

const (
	kid = "00000000-0000-4000-8000-000000000001"
	key = "the key that user-a signs with"
)

// holder is a world in which user-a has a secret, and the bearers that are judged in it.
type holder struct {
	*world
	keyring *keyring
	bearers identity.Bearers
	login   *token.Signer
	signer  *token.Signer // of the platform
	public  ed25519.PublicKey
}

func newHolder(t *testing.T) *holder {
	t.Helper()
	w := newWorld(t)
	box, err := seal.NewBox(make([]byte, seal.KeySize))
	if err != nil {
		t.Fatal(err)
	}
	sealed, err := box.Seal([]byte(key), identity.SecretLabel("user-a", kid))
	if err != nil {
		t.Fatal(err)
	}
	h := &holder{world: w, keyring: &keyring{
		secrets: map[string]identity.Secret{kid: {ID: kid, Name: "ci", Status: identity.SecretActive, Key: sealed}},
		owners:  map[string]string{kid: "user-a"},
	}}
	loginPublic, login, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	platformPublic, platform, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	now := func() time.Time { return w.now }
	h.public = loginPublic
	h.login, h.signer = token.NewLoginSigner(login, now), token.NewPlatformSigner(platform, now)
	w.standing.Secrets = h.keyring
	h.bearers = identity.Bearers{Tokens: token.NewVerifier(loginPublic, platformPublic, now), Keys: box, Standing: w.standing}
	return h
}

// change changes user-a's secret where it is kept.
func (h *holder) change(f func(*identity.Secret)) {
	s := h.keyring.secrets[kid]
	f(&s)
	h.keyring.secrets[kid] = s
}

func selfSigned(t *testing.T, id, with string) string {
	t.Helper()
	text, err := token.NewSecretToken(id, with, noon, noon.Add(time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func (h *holder) by(s *token.Signer, c token.Claims) string {
	c.Expires = noon.Add(time.Minute)
	text, err := s.Sign(c)
	if err != nil {
		panic(err)
	}
	return text
}

func TestWhoATokenSpeaksFor(t *testing.T) {
	h := newHolder(t)
	h.users.docs["user-r"] = identity.User{ID: "user-r", Status: identity.Active, Admin: true}
	h.sessions.docs["r"] = identity.Session{ID: "r", UserID: "user-r", Expires: noon.Add(time.Hour)}
	for _, row := range []struct {
		name, text string
		want       access.Principal
	}{
		{"a log-in", h.by(h.login, token.Claims{Subject: "user-a", Session: "s", Kind: token.Access}), access.Principal{UserID: "user-a", Session: "s", Kind: token.Access}},
		{"a refresh token", h.by(h.login, token.Claims{Subject: "user-a", Session: "s", Round: 4, Kind: token.Refresh}), access.Principal{UserID: "user-a", Session: "s", Round: 4, Kind: token.Refresh}},
		{"an administrator's log-in", h.by(h.login, token.Claims{Subject: "user-r", Session: "r", Kind: token.Access}), access.Principal{UserID: "user-r", Session: "r", Kind: token.Access, Admin: true}},
		{"an own key", selfSigned(t, kid, key), access.Principal{UserID: "user-a", Secret: kid, Kind: token.Signed}},
		{"an autoscaler", h.by(h.signer, token.Claims{Subject: "user-a", Pool: "pool-1", Kind: token.Scaler}), access.Principal{UserID: "user-a", Pool: "pool-1", Kind: token.Scaler}},
		{"a part of the platform", h.by(h.signer, token.Claims{Subject: "reconciler", Kind: token.Platform}), access.Principal{UserID: "reconciler", Kind: token.Platform}},
	} {
		for _, from := range []string{"the store", "the cache"} {
			if got, err := h.bearers.Identify(t.Context(), row.text); err != nil || got != row.want {
				t.Errorf("%s, from %s: %+v, %v", row.name, from, got, err)
			}
		}
	}
	if h.keyring.asked != 1 {
		t.Errorf("the secrets were asked %d times, want once", h.keyring.asked)
	}
}

func TestWhoseKeyItIsTheStoreSaysAndNotTheToken(t *testing.T) {
	h := newHolder(t)
	unsigned := jwt.NewWithClaims(jwt.SigningMethodHS512, jwt.MapClaims{"sub": "user-b", "typ": "platform", "sid": "s"})
	unsigned.Header["kid"] = kid
	text, err := unsigned.SignedString([]byte(key))
	if err != nil {
		t.Fatal(err)
	}
	got, err := h.bearers.Identify(t.Context(), text)
	if want := (access.Principal{UserID: "user-a", Secret: kid, Kind: token.Signed}); err != nil || got != want {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestWhatDoesNotHoldIsRefusedInTheSameWords(t *testing.T) {
	unknown := strings.Replace(kid, "1", "2", 1)
	for _, row := range []struct {
		name   string
		change func(*holder)
		text   func(*holder) string
	}{
		{"a disabled key", func(h *holder) { h.change(func(s *identity.Secret) { s.Status = identity.SecretDisabled }) }, nil},
		{"a key of no known status", func(h *holder) { h.change(func(s *identity.Secret) { s.Status = 7 }) }, nil},
		{"a key at its end", func(h *holder) { h.change(func(s *identity.Secret) { s.Expires = noon.Unix() }) }, nil},
		{"a deleted key", func(h *holder) { delete(h.keyring.secrets, kid) }, nil},
		{"a key of a disabled user", func(h *holder) { h.users.docs["user-a"] = identity.User{ID: "user-a", Status: identity.Disabled} }, nil},
		{"a key of a user who is gone", func(h *holder) { delete(h.users.docs, "user-a") }, nil},
		{"a key that was moved to another user", func(h *holder) { h.keyring.owners[kid] = "user-b" }, nil},
		{"a key under another platform key", func(h *holder) { h.bearers.Keys, _ = seal.NewBox([]byte(strings.Repeat("x", seal.KeySize))) }, nil},
		{"an unknown key", nil, func(*holder) string { return selfSigned(t, unknown, key) }},
		{"the name of no key", nil, func(*holder) string { return selfSigned(t, "k", key) }},
		{"a wrong signature", nil, func(*holder) string { return selfSigned(t, kid, "guess") }},
		{"no kid", nil, func(*holder) string { return strings.Repeat("x.", 2) }},
		{"a token that has expired", func(h *holder) { h.now = noon.Add(time.Minute) }, nil},
		{"a token that is not valid yet", func(h *holder) { h.now = noon.Add(-time.Minute) }, nil},
		{"alg none", nil, func(*holder) string { return forged(jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, kid) }},
		{"RS256 under the name of the key", nil, func(*holder) string { return forged(jwt.SigningMethodRS256, rsaKey(), kid) }},
		{"EdDSA under the name of the key", nil, func(h *holder) string {
			return forged(jwt.SigningMethodEdDSA, ed25519.NewKeyFromSeed(make([]byte, 32)), kid)
		}},
		{"HMAC with the public key of log-ins", nil, func(h *holder) string { return forged(jwt.SigningMethodHS256, []byte(h.public), "login") }},
		{"HMAC with the public key of log-ins, under the name of the key", nil, func(h *holder) string { return forged(jwt.SigningMethodHS256, []byte(h.public), kid) }},
		{"HMAC with the own key, under the name of log-ins", nil, func(*holder) string { return forged(jwt.SigningMethodHS256, []byte(key), "login") }},
		{"no kid, signed with the own key", nil, func(*holder) string { return forged(jwt.SigningMethodHS256, []byte(key), "") }},
		{"an ended session", func(h *holder) { delete(h.sessions.docs, "s") }, func(h *holder) string {
			return h.by(h.login, token.Claims{Subject: "user-a", Session: "s", Kind: token.Access})
		}},
		{"a disabled user's session", func(h *holder) { h.users.docs["user-a"] = identity.User{ID: "user-a", Status: identity.Disabled} }, func(h *holder) string {
			return h.by(h.login, token.Claims{Subject: "user-a", Session: "s", Kind: token.Access})
		}},
	} {
		h := newHolder(t)
		text := selfSigned(t, kid, key)
		if row.change != nil {
			row.change(h)
		}
		if row.text != nil {
			text = row.text(h)
		}
		_, err := h.bearers.Identify(t.Context(), text)
		e := fault.Of(err)
		if got := fmt.Sprint(e.Kind, e.Reason, e.Message, e.Metadata); err == nil || got != fmt.Sprint(fault.Unauthenticated, "Unauthorized", "a valid token is needed", map[string]string(nil)) {
			t.Errorf("%s: %s (%v)", row.name, got, err)
		}
	}
}

// forged is a token that says all that one of a user's would, signed in whatever way.
func forged(method jwt.SigningMethod, with any, id string) string {
	unsigned := jwt.NewWithClaims(method, jwt.MapClaims{"sub": "user-a", "sid": "s", "typ": "access", "iss": "onex", "exp": noon.Add(time.Hour).Unix()})
	if id != "" {
		unsigned.Header["kid"] = id
	}
	text, err := unsigned.SignedString(with)
	if err != nil {
		panic(err)
	}
	return text
}

func rsaKey() *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return key
}

func TestANameThatNoKeyCanHaveIsNotLookedFor(t *testing.T) {
	h := newHolder(t)
	for _, id := range []string{"k", kid + "0", strings.Repeat("x", 5000), "standing/s"} {
		if _, err := h.bearers.Identify(t.Context(), selfSigned(t, id, key)); err == nil {
			t.Errorf("%.50q holds", id)
		}
	}
	if h.keyring.asked != 0 {
		t.Errorf("the store was asked %d times", h.keyring.asked)
	}
}

func TestWhatEndsAKeyWorksWithinASecond(t *testing.T) {
	for name, end := range map[string]func(*holder){
		"the key is disabled":  func(h *holder) { h.change(func(s *identity.Secret) { s.Status = identity.SecretDisabled }) },
		"the key is deleted":   func(h *holder) { delete(h.keyring.secrets, kid) },
		"the user is disabled": func(h *holder) { h.users.docs["user-a"] = identity.User{ID: "user-a", Status: identity.Disabled} },
	} {
		h := newHolder(t)
		text := selfSigned(t, kid, key)
		if _, err := h.bearers.Identify(t.Context(), text); err != nil {
			t.Fatal(err)
		}
		end(h)
		h.redis.FastForward(time.Second)
		if _, err := h.bearers.Identify(t.Context(), text); err == nil || fault.KindOf(err) != fault.Unauthenticated {
			t.Errorf("%s: a second later: %v", name, err)
		}
	}
}

// The original kept an expiry in its cache, so that tokens died early or lived on.
func TestTheEndOfAKeyIsExactAlsoFromTheCache(t *testing.T) {
	h := newHolder(t)
	h.change(func(s *identity.Secret) { s.Expires = noon.Add(time.Second).Unix() })
	text := selfSigned(t, kid, key)
	if _, err := h.bearers.Identify(t.Context(), text); err != nil {
		t.Fatal(err)
	}
	h.now = noon.Add(time.Second)
	if _, err := h.bearers.Identify(t.Context(), text); err == nil || h.keyring.asked != 1 {
		t.Errorf("at its end: %v, the store was asked %d times", err, h.keyring.asked)
	}
}

func TestALookThatTakesLongIsRememberedForLess(t *testing.T) {
	for _, row := range []struct {
		took time.Duration
		want time.Duration
	}{{0, 900 * time.Millisecond}, {400 * time.Millisecond, 500 * time.Millisecond}, {900 * time.Millisecond, 0}, {time.Minute, 0}} {
		h := newHolder(t)
		calls := 0
		h.bearers.Standing.Now = func() time.Time {
			if calls++; calls > 1 {
				return noon.Add(row.took)
			}
			return noon
		}
		if _, err := h.bearers.Standing.Key(t.Context(), "", kid); err != nil {
			t.Fatal(err)
		}
		if got := h.redis.TTL("standing/key/" + kid); got != row.want {
			t.Errorf("a look of %s is remembered for %s, want %s", row.took, got, row.want)
		}
	}
}

func TestWithTheCacheAwayTheStoreAnswersAndWithBothAwayNobodyIsLetIn(t *testing.T) {
	h := newHolder(t)
	h.redis.Close()
	text := selfSigned(t, kid, key)
	if _, err := h.bearers.Identify(t.Context(), text); err != nil {
		t.Errorf("with the cache away: %v", err)
	}
	h.keyring.away = true
	p, err := h.bearers.Identify(t.Context(), text)
	var f *fault.Error
	if !errors.As(err, &f) || f.Kind != fault.Busy || p != (access.Principal{}) {
		t.Errorf("with both away: %+v, %v", p, err)
	}
	h.keyring.away, h.users.away = false, true
	if _, err := h.bearers.Identify(t.Context(), text); fault.KindOf(err) != fault.Busy {
		t.Errorf("with the users away: %v", err)
	}
}

func TestTheCacheHoldsNoKey(t *testing.T) {
	h := newHolder(t)
	if _, err := h.bearers.Identify(t.Context(), selfSigned(t, kid, key)); err != nil {
		t.Fatal(err)
	}
	kept, err := h.redis.Get("standing/key/" + kid)
	var k identity.Key
	if err != nil || strings.Contains(kept, key) || json.Unmarshal([]byte(kept), &k) != nil || k.UserID != "user-a" || strings.Contains(string(k.Sealed.Data), key) {
		t.Errorf("kept %s, %v", kept, err)
	}
	if err := h.redis.Set("standing/key/"+kid, "garbage"); err != nil {
		t.Fatal(err)
	}
	if _, err := h.bearers.Identify(t.Context(), selfSigned(t, kid, key)); err == nil || fault.KindOf(err) != fault.Unauthenticated {
		t.Errorf("garbage in the cache: %v", err)
	}
}

func TestIDsAndKeysAreNewEveryTime(t *testing.T) {
	seen := map[string]bool{}
	for range 100 {
		id, key := identity.NewSecretID(), identity.NewSecretKey()
		if len(id) != 36 || id[14] != '4' || !strings.ContainsRune("89ab", rune(id[19])) || len(key) != 64 || seen[id] || seen[key] {
			t.Fatalf("id %q, key of %d letters", id, len(key))
		}
		seen[id], seen[key] = true, true
	}
}

// A token that was verified is not verified again, yet what it rests on is asked every time.
func TestWhatWasVerifiedFallsWithWhatItRestsOn(t *testing.T) {
	for _, row := range []struct {
		name   string
		change func(*holder)
	}{
		{"the key is deleted", func(h *holder) { delete(h.keyring.secrets, kid) }},
		{"the key is disabled", func(h *holder) { h.change(func(s *identity.Secret) { s.Status = identity.SecretDisabled }) }},
		{"the key is sealed for another", func(h *holder) { h.keyring.owners[kid] = "user-b" }},
		{"the key is another", func(h *holder) {
			sealed, err := h.bearers.Keys.Seal([]byte("another"), identity.SecretLabel("user-a", kid))
			if err != nil {
				t.Fatal(err)
			}
			h.change(func(s *identity.Secret) { s.Key = sealed })
		}},
		{"the token ends", func(h *holder) { h.now = noon.Add(time.Minute) }},
	} {
		h := newHolder(t)
		text := selfSigned(t, kid, key)
		for range 2 {
			if _, err := h.bearers.Identify(t.Context(), text); err != nil {
				t.Fatal(err)
			}
		}
		row.change(h)
		h.redis.FastForward(time.Second)
		if p, err := h.bearers.Identify(t.Context(), text); err == nil || fault.KindOf(err) != fault.Unauthenticated {
			t.Errorf("%s: %+v, %v", row.name, p, err)
		}
	}
}
