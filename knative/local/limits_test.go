package local_test

import (
	"strings"
	"testing"

	"onex.io/onex/shared/access"
	"onex.io/onex/shared/api/secret"
	"onex.io/onex/shared/client"
	"onex.io/onex/shared/fault"
	"onex.io/onex/shared/token"
)

// The limit of a user is of the user, whatever token speaks for him, and asks Redis once together with whether he still
// stands. Redis empty, away and back is no way around it, and no wall either.
func TestAUserMayAskSoOften(t *testing.T) {
	s := newShop(t, access.SignedIn, "ONEX_USER_RATE=0.001", "ONEX_USER_BURST=3")
	ann, bob := s.signed(t, "user-ann", "a", token.Access, 0), s.signed(t, "user-bob", "b", token.Access, 0)
	again := s.signed(t, "user-ann", "c", token.Access, 0)
	for i := range 3 {
		s.want(t, "within the limit", s.ask(t, ask{as: []string{ann, again, ann}[i]}), 200, "", int64(i+1))
	}
	for _, by := range []string{ann, again} {
		got := s.ask(t, ask{as: by})
		s.want(t, "beyond it", got, 429, "TooManyRequests", 3)
		if got.header.Get("Retry-After") != "1000" || strings.Contains(got.body, "user-ann") {
			t.Errorf("come back after %q s: %s", got.header.Get("Retry-After"), got)
		}
	}
	s.want(t, "somebody else", s.ask(t, ask{as: bob}), 200, "", 4)
	s.want(t, "nobody", s.ask(t, ask{}), 401, "Unauthorized", 4)
	forged := ann[:len(ann)-4] + "AAAA"
	for range 5 {
		s.want(t, "who only claims to be somebody", s.ask(t, ask{as: forged}), 401, "Unauthorized", 4)
	}
	s.want(t, "costs that one nothing", s.ask(t, ask{as: bob}), 200, "", 5)
}

func TestALimitHoldsWhileRedisIsAway(t *testing.T) {
	s := newShop(t, access.Platform, "ONEX_USER_RATE=0.001", "ONEX_USER_BURST=3")
	for i := range 5 { // parts of the platform are not users
		s.want(t, "the platform", s.ask(t, ask{as: s.platformToken(t)}), 200, "", int64(i+1))
	}
	w := newTown(t, map[string]string{"ONEX_USER_RATE": "0.001", "ONEX_USER_BURST": "3"})
	alice, _ := w.login(t, "alice")
	w.cache.Close()
	got := map[string]int{}
	for range 5 {
		if err := look(t, alice); err != nil {
			got[fault.ReasonOf(err)]++
		} else {
			got["served"]++
		}
	}
	if got["served"] != 3 || got["TooManyRequests"] != 2 {
		t.Errorf("%v, want 3 served and 2 refused: neither open nor closed", got)
	}
}

// A restart of Redis, or somebody who empties it, costs time and nothing else.
func TestARedisThatIsEmptiedForgetsNothingThatMatters(t *testing.T) {
	w := newTown(t, nil)
	alice, tokens := w.login(t, "alice")
	gone, goneTokens := w.login(t, "alice")
	must(t, gone.Logout(t.Context()))
	within(t, "a session that was logged out", gone)
	next, err := w.client().WithToken(tokens.RefreshToken).RefreshToken(t.Context())
	must(t, err)
	key := client.WithKey(t.Context(), "one-key-for-one-secret")
	made, err := alice.CreateSecret(key, secret.Create{Name: "ci"})
	must(t, err)
	w.cache.Flush()
	must(t, look(t, alice))
	must(t, look(t, w.client().WithToken(next.AccessToken)))
	wantRefused(t, "what was logged out", look(t, gone))
	w.cache.Flush()
	_, err = w.client().WithToken(goneTokens.RefreshToken).RefreshToken(t.Context())
	wantRefused(t, "its refresh token", err)
	again, err := alice.CreateSecret(key, secret.Create{Name: "ci"})
	if err != nil || again.SecretID != made.SecretID || again.SecretKey != made.SecretKey {
		t.Errorf("a key that was made under an idempotency key: %v", err)
	}
	w.cache.Flush()
	_, err = w.client().WithToken(tokens.RefreshToken).RefreshToken(t.Context())
	wantRefused(t, "a refresh token that is spent", err)
}
