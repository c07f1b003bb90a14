package token_test

import (
	"errors"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"onex.io/onex/shared/token"
)

// clock is a time that moves by hand.
type clock struct{ now time.Time }

func (c *clock) read() time.Time { return c.now }

func newVerifier(c *clock) *token.Verifier {
	return token.NewVerifier(publicOf(loginKey), publicOf(platformKey), c.read)
}

func TestWhatWasVerifiedStillEnds(t *testing.T) {
	c := &clock{now: noon}
	v := newVerifier(c)
	ours := signed(t, token.NewLoginSigner(loginKey, at(noon)), token.Claims{Subject: "user-a", Session: "s", Round: 3, Kind: token.Access, Expires: noon.Add(time.Hour)})
	theirs := sign(t, jwt.SigningMethodHS256, secretKey, nil, jwt.MapClaims{"exp": noon.Add(time.Hour).Unix()})
	endless := sign(t, jwt.SigningMethodHS256, secretKey, nil, jwt.MapClaims{})
	open := func() ([]byte, error) { return secretKey, nil }
	for _, step := range []struct {
		after time.Duration
		holds bool
	}{{0, true}, {time.Minute, true}, {time.Hour - time.Second, true}, {time.Hour, false}, {2 * time.Hour, false}} {
		c.now = noon.Add(step.after)
		got, err := v.Verify(ours)
		if (err == nil) != step.holds || step.holds && (got.Subject != "user-a" || got.Session != "s" || got.Round != 3 || got.Kind != token.Access) {
			t.Errorf("after %s: %+v, %v", step.after, got, err)
		}
		if got := v.Holder(theirs); step.after > 0 && (got == "user-a") != step.holds {
			t.Errorf("after %s: a user's own is %q's", step.after, got)
		}
		if err := v.VerifySigned(theirs, "user-a", []byte("seal"), open); (err == nil) != step.holds {
			t.Errorf("after %s: a user's own: %v", step.after, err)
		}
		if err := v.VerifySigned(endless, "user-a", []byte("seal"), open); err != nil {
			t.Errorf("after %s: a user's own without an end: %v", step.after, err)
		}
	}
}

func TestAUsersTokenIsVerifiedOncePerKey(t *testing.T) {
	v := newVerifier(&clock{now: noon})
	text := sign(t, jwt.SigningMethodHS512, secretKey, nil, jwt.MapClaims{})
	if got := v.Holder(text); got != "" {
		t.Errorf("before it is verified, it is %q's", got)
	}
	opened, key := 0, secretKey
	open := func() ([]byte, error) { opened++; return key, nil }
	for range 3 {
		if err := v.VerifySigned(text, "user-a", []byte("one"), open); err != nil || opened != 1 {
			t.Errorf("%v, opened %d times", err, opened)
		}
	}
	key = []byte("another") // a key that was replaced is sealed anew
	for range 2 {
		if err := v.VerifySigned(text, "user-a", []byte("two"), open); err == nil {
			t.Error("what another key has signed holds")
		}
	}
	if opened != 3 {
		t.Errorf("opened %d times: what was refused is remembered", opened)
	}
	if err := v.VerifySigned(text, "user-a", []byte("three"), func() ([]byte, error) { return nil, errors.New("damaged") }); err == nil || body(t, err) != `[401,"Unauthorized","a valid token is needed",null]` {
		t.Errorf("a key that does not open: %v", err)
	}
}

func TestNothingButTheVeryTokenIsTakenForVerified(t *testing.T) {
	v := newVerifier(&clock{now: noon})
	text := signed(t, token.NewLoginSigner(loginKey, at(noon)), token.Claims{Subject: "user-a", Kind: token.Access, Expires: noon.Add(time.Hour)})
	if _, err := v.Verify(text); err != nil {
		t.Fatal(err)
	}
	for _, other := range []string{text[:len(text)-1], text + "A", text + " ", " " + text, text[:len(text)-4] + "AAAA", "", "." + text} {
		if c, err := v.Verify(other); err == nil {
			t.Errorf("%q holds for %+v", other, c)
		}
	}
}
