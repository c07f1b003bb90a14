package token

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// SecretID is the id of the secret key that a token says it is signed with, before anything about it is verified. It
// is empty for a token that names no key, and for one of a log-in or of the platform, which Verifier judges.
func SecretID(text string) string {
	head, _, _ := strings.Cut(text, ".")
	decoded, err := base64.RawURLEncoding.DecodeString(head)
	if err != nil {
		return ""
	}
	var header map[string]any // as the library reads it, so that both read the same name
	if err := json.Unmarshal(decoded, &header); err != nil {
		return ""
	}
	id, _ := header["kid"].(string)
	if id == keyPlatform || ofLogin(id) {
		return ""
	}
	return id
}

// longestHead bounds the headers that are remembered, in bytes; that of our SDK has 98.
const longestHead = 256

// SecretID is what the function of that name says, and remembers it: many tokens have one header.
func (v *Verifier) SecretID(text string) string {
	head, _, _ := strings.Cut(text, ".")
	if id, ok := v.heads.get(head); ok {
		return id
	}
	id := SecretID(head)
	if len(head) <= longestHead {
		v.heads.put(strings.Clone(head), id)
	}
	return id
}

// proof is that a token was verified.
type proof struct {
	holder string
	under  digest    // of what names the key
	until  time.Time // zero: as long as the key
}

func (p proof) holds(now time.Time) bool { return p.until.IsZero() || now.Before(p.until) }

// Holder is whose token this has been found to be, by a key that may be gone since. It is empty for a token that has not
// been verified here, or that has ended.
func (v *Verifier) Holder(text string) string {
	if known, ok := v.signed.get(digestOf(text)); ok && known.holds(v.now()) {
		return known.holder
	}
	return ""
}

// VerifySigned verifies a token that the holder signed with the key that open gives. Under names that key: a token that
// has been verified under it is not verified again, and then open is not called, but its end is looked at every time.
func (v *Verifier) VerifySigned(text, holder string, under []byte, open func() ([]byte, error)) error {
	name, key := digestOf(text), digest(sha256.Sum256(under))
	if known, ok := v.signed.get(name); ok && known.under == key && known.holder == holder && known.holds(v.now()) {
		return nil
	}
	return v.verifySigned(text, proof{holder: holder, under: key}, open)
}

func (v *Verifier) verifySigned(text string, found proof, open func() ([]byte, error)) error {
	key, err := open()
	if err != nil {
		return Refused(err)
	}
	found.until, err = VerifySigned(text, key, v.now)
	if err == nil {
		v.signed.put(digestOf(text), found)
	}
	return err
}

// VerifySigned verifies a token that a user signed with a secret key. Whose it is, the key says and not the token, so
// nothing of its claims counts but its times; it may leave out its end, and then holds as long as its key: until is zero.
// Signatures are compared in constant time.
func VerifySigned(text string, key []byte, now func() time.Time) (until time.Time, err error) {
	if len(key) == 0 {
		return until, Refused(errors.New("no secret key"))
	}
	var times jwt.RegisteredClaims
	_, err = jwt.ParseWithClaims(text, &times, func(t *jwt.Token) (any, error) { return key, understood(t) },
		jwt.WithValidMethods([]string{jwt.SigningMethodHS256.Alg(), jwt.SigningMethodHS384.Alg(), jwt.SigningMethodHS512.Alg()}),
		jwt.WithTimeFunc(now))
	if err != nil {
		return until, Refused(err)
	}
	if times.ExpiresAt != nil {
		until = times.ExpiresAt.Time
	}
	return until, nil
}

// understood refuses a token that says it must not be read by whoever does not know its extensions (RFC 7515, 4.1.11).
func understood(t *jwt.Token) error {
	if critical, ok := t.Header["crit"]; ok {
		return fmt.Errorf("extensions %v are not known", critical)
	}
	return nil
}

// NewSecretToken signs a token of a user with a secret key (HS256), as any JWT library in any language can.
func NewSecretToken(secretID, secretKey string, now, expires time.Time) (string, error) {
	if secretID == "" || secretKey == "" {
		return "", errors.New("sign token: no secret key")
	}
	t := jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.RegisteredClaims{
		IssuedAt: jwt.NewNumericDate(now), NotBefore: jwt.NewNumericDate(now.Add(-clockSkew)), ExpiresAt: jwt.NewNumericDate(expires),
	})
	t.Header["kid"] = secretID
	text, err := t.SignedString([]byte(secretKey))
	if err != nil {
		return "", fmt.Errorf("sign token with secret %q: %w", secretID, err)
	}
	return text, nil
}
