package token_test

import (
	"bytes"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"hash"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"onex.io/onex/shared/fault"
	"onex.io/onex/shared/token"
)

const secretID = "3f1c9a52-7d0e-4b1a-9c55-0a1b2c3d4e5f"

var secretKey = []byte("the secret key of a user, which nobody else knows, of 64 letters")

// sign signs claims as a user's program does, with whatever header.
func sign(t testing.TB, method jwt.SigningMethod, key any, header map[string]any, claims jwt.MapClaims) string {
	t.Helper()
	unsigned := jwt.NewWithClaims(method, claims)
	unsigned.Header["kid"] = secretID
	for name, v := range header {
		unsigned.Header[name] = v
	}
	text, err := unsigned.SignedString(key)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestWhatAUserSignsHolds(t *testing.T) {
	sdk, err := token.NewSecretToken(secretID, string(secretKey), noon, noon.Add(time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"HS256":                      sign(t, jwt.SigningMethodHS256, secretKey, nil, jwt.MapClaims{"exp": noon.Add(time.Hour).Unix()}),
		"HS384":                      sign(t, jwt.SigningMethodHS384, secretKey, nil, jwt.MapClaims{"exp": noon.Add(time.Hour).Unix()}),
		"HS512":                      sign(t, jwt.SigningMethodHS512, secretKey, nil, jwt.MapClaims{"exp": noon.Add(time.Hour).Unix()}),
		"without an end":             sign(t, jwt.SigningMethodHS256, secretKey, nil, jwt.MapClaims{}),
		"with the subject of others": sign(t, jwt.SigningMethodHS256, secretKey, nil, jwt.MapClaims{"sub": "user-b", "iss": "me", "sid": 7, "typ": "platform"}),
		"valid since now":            sign(t, jwt.SigningMethodHS256, secretKey, nil, jwt.MapClaims{"nbf": noon.Unix()}),
		"of our SDK":                 sdk,
	} {
		if _, err := token.VerifySigned(text, secretKey, at(noon)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if got := token.SecretID(text); got != secretID {
			t.Errorf("%s: names the key %q", name, got)
		}
	}
}

func TestWhatAUserDidNotSignIsRefusedWithTheOneAnswer(t *testing.T) {
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	hs := jwt.SigningMethodHS256
	good := sign(t, hs, secretKey, nil, jwt.MapClaims{})
	parts := strings.Split(good, ".")
	rows := map[string]string{
		"garbage":                      "garbage",
		"nothing":                      "",
		"a signature cut off":          parts[0] + "." + parts[1] + ".",
		"a signature cut short":        good[:len(good)-4],
		"another's key":                sign(t, hs, []byte("another"), nil, jwt.MapClaims{}),
		"an empty key":                 sign(t, hs, []byte{}, nil, jwt.MapClaims{}),
		"the id as the key":            sign(t, hs, []byte(secretID), nil, jwt.MapClaims{}),
		"alg none":                     sign(t, jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, nil, jwt.MapClaims{}),
		"RS256":                        sign(t, jwt.SigningMethodRS256, rsaKey, nil, jwt.MapClaims{}),
		"PS256":                        sign(t, jwt.SigningMethodPS256, rsaKey, nil, jwt.MapClaims{}),
		"EdDSA by the login key":       sign(t, jwt.SigningMethodEdDSA, loginKey, nil, jwt.MapClaims{}),
		"HS256 that says HS512":        sign(t, hs, secretKey, map[string]any{"alg": "HS512"}, jwt.MapClaims{}),
		"HS256 that says none":         sign(t, hs, secretKey, map[string]any{"alg": "none"}, jwt.MapClaims{}),
		"HS256 that says RS256":        sign(t, hs, secretKey, map[string]any{"alg": "RS256"}, jwt.MapClaims{}),
		"HS256 in another case":        sign(t, hs, secretKey, map[string]any{"alg": "hs256"}, jwt.MapClaims{}),
		"an extension that must count": sign(t, hs, secretKey, map[string]any{"crit": []string{"b64"}, "b64": false}, jwt.MapClaims{}),
		"expired":                      sign(t, hs, secretKey, nil, jwt.MapClaims{"exp": noon.Add(-time.Second).Unix()}),
		"at its end":                   sign(t, hs, secretKey, nil, jwt.MapClaims{"exp": noon.Unix()}),
		"not yet valid":                sign(t, hs, secretKey, nil, jwt.MapClaims{"nbf": noon.Add(time.Second).Unix()}),
		"an end that is no time":       sign(t, hs, secretKey, nil, jwt.MapClaims{"exp": "never"}),
	}
	const want = `[401,"Unauthorized","a valid token is needed",null]`
	for name, text := range rows {
		if _, err := token.VerifySigned(text, secretKey, at(noon)); err == nil {
			t.Errorf("%s: accepted", name)
		} else if got := body(t, err); got != want {
			t.Errorf("%s: the caller learns %s, want %s", name, got, want)
		}
	}
	if _, err := token.VerifySigned(sign(t, hs, []byte{}, nil, jwt.MapClaims{}), nil, at(noon)); err == nil || body(t, err) != want {
		t.Errorf("no key at all: %v", err)
	}
}

func TestTheVerifierOfOursTakesNothingThatAUserSigned(t *testing.T) {
	for _, kid := range []string{"login", "platform", secretID} {
		text := forge(t, jwt.SigningMethodHS256, secretKey, kid, nil)
		if c, err := verifier().Verify(text); err == nil {
			t.Errorf("%s: accepted as %+v", kid, c)
		}
	}
}

func TestWhichKeyATokenNames(t *testing.T) {
	header := func(json string) string {
		return base64.RawURLEncoding.EncodeToString([]byte(json)) + ".e30.x"
	}
	for text, want := range map[string]string{
		header(`{"alg":"HS256","kid":"k"}`):        "k",
		header(`{"kid":"a","kid":"b"}`):            "b",
		header(`{"KID":"k"}`):                      "",
		header(`{"kid":7}`):                        "",
		header(`{"kid":null}`):                     "",
		header(`{"kid":["k"]}`):                    "",
		header(`{"alg":"HS256"}`):                  "",
		header(`{"alg":"EdDSA","kid":"login"}`):    "",
		header(`{"alg":"HS256","kid":"platform"}`): "",
		header(`["kid"]`):                          "",
		header(`{"kid":"k"`):                       "",
		"!!!.e30.x":                                "",
		"":                                         "",
		base64.RawURLEncoding.EncodeToString([]byte(`{"kid":"k"}`)): "k",
	} {
		if got := token.SecretID(text); got != want {
			t.Errorf("%s: %q, want %q", text, got, want)
		}
	}
}

// userSigned says whether the secret key signed the text, judged without the library under test.
func userSigned(text string) bool {
	dot := strings.LastIndex(text, ".")
	if dot < 0 {
		return false
	}
	signature, err := base64.RawURLEncoding.DecodeString(text[dot+1:])
	if err != nil {
		return false
	}
	for _, h := range []func() hash.Hash{sha256.New, sha512.New384, sha512.New} {
		mac := hmac.New(h, secretKey)
		mac.Write([]byte(text[:dot]))
		if hmac.Equal(mac.Sum(nil), signature) {
			return true
		}
	}
	return false
}

// Whatever a stranger sends in the name of a user's key is refused in the one way, unless that key signed it.
func FuzzVerifySigned(f *testing.F) {
	for _, method := range []jwt.SigningMethod{jwt.SigningMethodHS256, jwt.SigningMethodHS384, jwt.SigningMethodHS512} {
		text := sign(f, method, secretKey, nil, jwt.MapClaims{"exp": noon.Add(time.Hour).Unix()})
		f.Add(text)
		f.Add(text[:len(text)-3])
		f.Add(strings.ToUpper(text))
	}
	f.Add(sign(f, jwt.SigningMethodHS256, []byte("another"), map[string]any{"crit": []string{"x"}}, jwt.MapClaims{"exp": 1e300, "nbf": -1}))
	f.Add("eyJhbGciOiJub25lIiwia2lkIjoiayJ9.e30.")
	f.Add(strings.Repeat(".", 1000))
	f.Fuzz(func(t *testing.T, text string) {
		_ = token.SecretID(text)
		_, err := token.VerifySigned(text, secretKey, at(noon))
		switch {
		case err == nil && !userSigned(text):
			t.Errorf("%q was accepted", text)
		case err != nil && fault.KindOf(err) != fault.Unauthenticated:
			t.Errorf("%q: %v is not unauthenticated", text, err)
		}
	})
}

func TestASecretTokenShowsNothingOfItsKey(t *testing.T) {
	text, err := token.NewSecretToken(secretID, string(secretKey), noon, noon.Add(time.Minute))
	if err != nil || bytes.Contains([]byte(text), secretKey) {
		t.Errorf("%s, %v", text, err)
	}
}
