package token_test

import (
	"bytes"
	"crypto/ed25519"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"onex.io/onex/shared/fault"
	"onex.io/onex/shared/token"
)

var noon = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

func keyOf(seed byte) ed25519.PrivateKey {
	return ed25519.NewKeyFromSeed(bytes.Repeat([]byte{seed}, ed25519.SeedSize))
}

func publicOf(key ed25519.PrivateKey) ed25519.PublicKey { return key.Public().(ed25519.PublicKey) }

var (
	loginKey    = keyOf(1)
	platformKey = keyOf(2)
	strangerKey = keyOf(3)
)

func at(moment time.Time) func() time.Time { return func() time.Time { return moment } }

func verifier() *token.Verifier {
	return token.NewVerifier(publicOf(loginKey), publicOf(platformKey), at(noon))
}

func signed(t *testing.T, s *token.Signer, c token.Claims) string {
	t.Helper()
	text, err := s.Sign(c)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestWhatIsSignedIsRead(t *testing.T) {
	for _, row := range []struct {
		name   string
		signer *token.Signer
		claims token.Claims
	}{
		{"an access token", token.NewLoginSigner(loginKey, at(noon)), token.Claims{Subject: "user-a", Session: "s", Kind: token.Access, Expires: noon.Add(time.Hour)}},
		{"a refresh token", token.NewLoginSigner(loginKey, at(noon)), token.Claims{Subject: "user-a", Session: "s", Kind: token.Refresh, Expires: noon.Add(time.Hour)}},
		{"a platform token", token.NewPlatformSigner(platformKey, at(noon)), token.Claims{Subject: "reconciler", Kind: token.Platform, Expires: noon.Add(time.Minute)}},
		{"a scaler's token", token.NewPlatformSigner(platformKey, at(noon)), token.Claims{Subject: "user-a", Pool: "pool-1", Kind: token.Scaler, Expires: noon.Add(time.Hour)}},
	} {
		got, err := verifier().Verify(signed(t, row.signer, row.claims))
		if err != nil {
			t.Errorf("%s: %v", row.name, err)
			continue
		}
		if !got.Expires.Equal(row.claims.Expires) {
			t.Errorf("%s: expires %s, want %s", row.name, got.Expires, row.claims.Expires)
		}
		got.Expires = row.claims.Expires
		if got != row.claims {
			t.Errorf("%s: got %+v, want %+v", row.name, got, row.claims)
		}
	}
}

func TestAKeyIsReplacedWhileTokensOfTheOneBeforeHold(t *testing.T) {
	next := keyOf(4)
	old := signed(t, token.NewLoginSigner(loginKey, at(noon)), token.Claims{Subject: "user-a", Kind: token.Access, Expires: noon.Add(time.Hour)})
	fresh := signed(t, token.NewLoginSigner(next, at(noon)), token.Claims{Subject: "user-a", Kind: token.Access, Expires: noon.Add(time.Hour)})
	nameless := forge(t, jwt.SigningMethodEdDSA, loginKey, "login", nil) // of a platform whose keys had no names
	misnamed := forge(t, jwt.SigningMethodEdDSA, loginKey, token.LoginKeyID(publicOf(next)), nil)
	for _, row := range []struct {
		name                string
		verifier            *token.Verifier
		old, fresh, without bool
	}{
		{"before", token.NewVerifier(publicOf(loginKey), publicOf(platformKey), at(noon)), true, false, true},
		{"while both hold", token.NewVerifier(publicOf(next), publicOf(platformKey), at(noon), publicOf(loginKey)), true, true, true},
		{"after", token.NewVerifier(publicOf(next), publicOf(platformKey), at(noon)), false, true, false},
	} {
		for text, want := range map[string]bool{old: row.old, fresh: row.fresh, nameless: row.without, misnamed: false} {
			if _, err := row.verifier.Verify(text); (err == nil) != want {
				t.Errorf("%s: %s: %v, want it to hold: %v", row.name, text, err, want)
			}
		}
	}
}

// The example of RFC 8037, appendix A.3.
func TestTheNameOfAKeyIsItsThumbprint(t *testing.T) {
	key, err := base64.RawURLEncoding.DecodeString("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo")
	if got := token.LoginKeyID(key); err != nil || got != "login-kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k" {
		t.Errorf("got %s, %v", got, err)
	}
}

func TestTwoTokensAreNeverTheSame(t *testing.T) {
	s := token.NewLoginSigner(loginKey, at(noon))
	c := token.Claims{Subject: "user-a", Session: "s", Kind: token.Access, Expires: noon.Add(time.Hour)}
	if a, b := signed(t, s, c), signed(t, s, c); a == b {
		t.Error("two tokens of one moment are one")
	}
}

func TestATokenHoldsUntilItsLastSecond(t *testing.T) {
	text := signed(t, token.NewLoginSigner(loginKey, at(noon)), token.Claims{Subject: "user-a", Kind: token.Access, Expires: noon.Add(time.Hour)})
	for _, row := range []struct {
		name string
		now  time.Time
		ok   bool
	}{
		{"at the moment of signing", noon, true},
		{"on a machine whose clock is a few seconds behind", noon.Add(-5 * time.Second), true},
		{"on a machine whose clock is hours behind", noon.Add(-time.Hour), false},
		{"a second before the end", noon.Add(time.Hour - time.Second), true},
		{"at the end", noon.Add(time.Hour), false},
	} {
		_, err := token.NewVerifier(publicOf(loginKey), publicOf(platformKey), at(row.now)).Verify(text)
		if (err == nil) != row.ok {
			t.Errorf("%s: %v", row.name, err)
		}
	}
}

// forge signs any header and claims with any method, as an attacker may.
func forge(t *testing.T, method jwt.SigningMethod, key any, kid any, change func(jwt.MapClaims)) string {
	t.Helper()
	claims := jwt.MapClaims{
		"iss": "onex", "sub": "user-a", "jti": "1", "sid": "s", "typ": "access",
		"iat": noon.Unix(), "nbf": noon.Unix(), "exp": noon.Add(time.Hour).Unix(),
	}
	if change != nil {
		change(claims)
	}
	forged := jwt.NewWithClaims(method, claims)
	if kid != nil {
		forged.Header["kid"] = kid
	}
	text, err := forged.SignedString(key)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// publicForms are the byte forms of the public key that a confused verifier might take for an HMAC secret.
func publicForms(t *testing.T) map[string][]byte {
	t.Helper()
	der, err := x509.MarshalPKIXPublicKey(publicOf(loginKey))
	if err != nil {
		t.Fatal(err)
	}
	return map[string][]byte{
		"raw": publicOf(loginKey), "DER": der, "base64": []byte(base64.StdEncoding.EncodeToString(der)),
		"PEM": pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}),
	}
}

func TestWhatDoesNotHoldIsRefusedWithOneAnswer(t *testing.T) {
	ed, good := jwt.SigningMethodEdDSA, forge(t, jwt.SigningMethodEdDSA, loginKey, "login", nil)
	if _, err := verifier().Verify(good); err != nil {
		t.Fatalf("the forger's good token must hold, or the rows below prove nothing: %v", err)
	}
	parts := strings.Split(good, ".")
	rows := map[string]string{
		"no token":                         "",
		"garbage":                          "garbage",
		"dots alone":                       "..",
		"a signature cut off":              parts[0] + "." + parts[1] + ".",
		"a changed claim":                  parts[0] + "." + strings.ToUpper(parts[1][:1]) + "A" + parts[1][2:] + "." + parts[2],
		"something after it":               good + "x",
		"twice":                            good + good,
		"alg none":                         forge(t, jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, "login", nil),
		"a stranger's key":                 forge(t, ed, strangerKey, "login", nil),
		"a stranger's key under no name":   forge(t, ed, strangerKey, nil, nil),
		"an unknown key name":              forge(t, ed, loginKey, "somebody", nil),
		"a key name that is no text":       forge(t, ed, loginKey, 7, nil),
		"no key name":                      forge(t, ed, loginKey, nil, nil),
		"the platform's key name":          forge(t, ed, loginKey, "platform", nil),
		"expired":                          forge(t, ed, loginKey, "login", func(c jwt.MapClaims) { c["exp"] = noon.Add(-time.Second).Unix() }),
		"without an end":                   forge(t, ed, loginKey, "login", func(c jwt.MapClaims) { delete(c, "exp") }),
		"not yet valid":                    forge(t, ed, loginKey, "login", func(c jwt.MapClaims) { c["nbf"] = noon.Add(time.Minute).Unix() }),
		"another issuer":                   forge(t, ed, loginKey, "login", func(c jwt.MapClaims) { c["iss"] = "evil" }),
		"no issuer":                        forge(t, ed, loginKey, "login", func(c jwt.MapClaims) { delete(c, "iss") }),
		"a platform token by the login":    forge(t, ed, loginKey, "login", func(c jwt.MapClaims) { c["typ"] = "platform" }),
		"a scaler's token by the login":    forge(t, ed, loginKey, "login", func(c jwt.MapClaims) { c["typ"], c["pool"] = "scaler", "pool-1" }),
		"an access token by the platform":  forge(t, ed, platformKey, "platform", nil),
		"a refresh token by the platform":  forge(t, ed, platformKey, "platform", func(c jwt.MapClaims) { c["typ"] = "refresh" }),
		"a token of the platform, no kind": forge(t, ed, platformKey, "platform", func(c jwt.MapClaims) { delete(c, "typ") }),
		"claims of the wrong type":         forge(t, ed, loginKey, "login", func(c jwt.MapClaims) { c["exp"] = "tomorrow" }),
	}
	for form, secret := range publicForms(t) {
		rows["HS256 with the public key as secret, "+form] = forge(t, jwt.SigningMethodHS256, secret, "login", nil)
	}
	const want = `[401,"Unauthorized","a valid token is needed",null]`
	for name, text := range rows {
		claims, err := verifier().Verify(text)
		if err == nil {
			t.Errorf("%s: accepted as %+v", name, claims)
			continue
		}
		if claims != (token.Claims{}) {
			t.Errorf("%s: refused, yet it says %+v", name, claims)
		}
		if got := body(t, err); got != want {
			t.Errorf("%s: the caller learns %s, want %s", name, got, want)
		}
	}
}

// body is what a caller is told of err.
func body(t *testing.T, err error) string {
	t.Helper()
	e := fault.Of(err)
	b, err := json.Marshal([]any{fault.HTTPStatus(e.Kind), e.Reason, e.Message, e.Metadata})
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestWithoutAKeyNothingIsSignedAndNothingHolds(t *testing.T) {
	if _, err := token.NewLoginSigner(nil, at(noon)).Sign(token.Claims{Kind: token.Access}); err == nil || !strings.Contains(err.Error(), "login") {
		t.Errorf("signing without a key: %v, want an error that names it", err)
	}
	if _, err := token.NewVerifier(nil, nil, at(noon)).Verify(forge(t, jwt.SigningMethodEdDSA, loginKey, "login", nil)); fault.KindOf(err) != fault.Unauthenticated {
		t.Errorf("verifying without a key: %v", err)
	}
}

// oursSigned says whether one of our two keys signed the text, judged without the library under test.
func oursSigned(text string) bool {
	dot := strings.LastIndex(text, ".")
	if dot < 0 {
		return false
	}
	signature, err := base64.RawURLEncoding.DecodeString(text[dot+1:])
	return err == nil && (ed25519.Verify(publicOf(loginKey), []byte(text[:dot]), signature) ||
		ed25519.Verify(publicOf(platformKey), []byte(text[:dot]), signature))
}

// Whatever a stranger sends is refused in the one way, unless one of our keys signed it.
func FuzzVerify(f *testing.F) {
	ours, err := token.NewLoginSigner(loginKey, at(noon)).Sign(token.Claims{Subject: "user-a", Kind: token.Access, Expires: noon.Add(time.Hour)})
	if err != nil {
		f.Fatal(err)
	}
	for _, seed := range []string{ours, ours[:len(ours)-3], "", "..", "a.b.c", "eyJhbGciOiJub25lIiwia2lkIjoibG9naW4ifQ.e30.", strings.Repeat(".", 1000)} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		c, err := verifier().Verify(text)
		switch {
		case err == nil && !oursSigned(text):
			t.Errorf("%q was accepted as %+v", text, c)
		case err != nil && fault.KindOf(err) != fault.Unauthenticated:
			t.Errorf("%q: %v is not unauthenticated", text, err)
		}
	})
}
