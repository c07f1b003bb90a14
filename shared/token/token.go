// Package token signs and verifies the bearer tokens of the platform: JWTs with Ed25519 (EdDSA), each with a jti, and
// those that users sign themselves with their secret keys (HMAC).
package token

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"onex.io/onex/shared/fault"
)

// Kind says what a token is good for.
type Kind string

// The kinds.
const (
	Access   Kind = "access"   // calls operations
	Refresh  Kind = "refresh"  // buys a new pair or ends the session, nothing else
	Signed   Kind = "signed"   // calls operations; its user signed it
	Platform Kind = "platform" // a part of the platform itself, such as the reconciler
	Scaler   Kind = "scaler"   // an autoscaler, which may ask about one pool of miners and nothing else
)

// Key ids, which choose the key that verifies. That of a log-in goes on with the key's thumbprint, so that a key can be
// replaced while tokens of the one before hold; tokens of older platforms have it without.
const (
	keyLogin    = "login"
	keyPlatform = "platform"
	issuer      = "onex"
)

// clockSkew is how far the clocks of two machines may differ without a new token being refused as not valid yet.
const clockSkew = 30 * time.Second

// Claims are what a token says.
type Claims struct {
	// Subject is a userID, or the name of a part of the platform.
	Subject string
	// Session is the log-in that the token belongs to; empty for platform tokens.
	Session string
	// Round numbers the refresh tokens of a session, from 0: each buys the next one, once.
	Round int64
	// Pool is the uid of the MinerSet that a scaler's token is good for.
	Pool    string
	Kind    Kind
	Expires time.Time
}

type wire struct {
	jwt.RegisteredClaims
	Session string `json:"sid,omitempty"`
	Round   int64  `json:"rnd,omitempty"`
	Pool    string `json:"pool,omitempty"`
	Kind    Kind   `json:"typ"`
}

// Signer signs tokens with one key.
type Signer struct {
	key   ed25519.PrivateKey
	keyID string
	now   func() time.Time
}

// NewLoginSigner signs the tokens of a log-in.
func NewLoginSigner(key ed25519.PrivateKey, now func() time.Time) *Signer {
	s := &Signer{key: key, keyID: keyLogin, now: now}
	if len(key) == ed25519.PrivateKeySize {
		s.keyID = LoginKeyID(key.Public().(ed25519.PublicKey))
	}
	return s
}

// LoginKeyID is the kid of what the key signs: its thumbprint by RFC 7638 says which key it is.
func LoginKeyID(key ed25519.PublicKey) string {
	sum := sha256.Sum256([]byte(`{"crv":"Ed25519","kty":"OKP","x":"` + base64.RawURLEncoding.EncodeToString(key) + `"}`))
	return keyLogin + "-" + base64.RawURLEncoding.EncodeToString(sum[:])
}

// ofLogin says whether a kid is that of a log-in's key.
func ofLogin(kid string) bool { return kid == keyLogin || strings.HasPrefix(kid, keyLogin+"-") }

// NewPlatformSigner signs the tokens of a part of the platform.
func NewPlatformSigner(key ed25519.PrivateKey, now func() time.Time) *Signer {
	return &Signer{key: key, keyID: keyPlatform, now: now}
}

// Sign makes a token. Two tokens are never the same, even within one second: each has its own jti.
func (s *Signer) Sign(c Claims) (string, error) {
	if len(s.key) != ed25519.PrivateKeySize {
		return "", fmt.Errorf("sign token: no key %q is configured", s.keyID)
	}
	now := s.now()
	t := jwt.NewWithClaims(jwt.SigningMethodEdDSA, wire{
		RegisteredClaims: jwt.RegisteredClaims{
			Issuer: issuer, Subject: c.Subject, ID: rand.Text(),
			IssuedAt: jwt.NewNumericDate(now), NotBefore: jwt.NewNumericDate(now.Add(-clockSkew)), ExpiresAt: jwt.NewNumericDate(c.Expires),
		},
		Session: c.Session, Round: c.Round, Pool: c.Pool, Kind: c.Kind,
	})
	t.Header["kid"] = s.keyID
	signed, err := t.SignedString(s.key)
	if err != nil {
		return "", fmt.Errorf("sign token: %w", err)
	}
	return signed, nil
}

// Verifier verifies signatures and times, offline.
type Verifier struct {
	keys map[string]ed25519.PublicKey
	now  func() time.Time
	// What was verified: tokens of ours, and those that users signed.
	seen   *seen[digest, Claims]
	signed *seen[digest, proof]
	// heads are the keys that headers name.
	heads  *seen[string, string]
	parser *jwt.Parser
}

// NewVerifier verifies tokens of log-ins and of the platform's parts. Older are keys that log-ins were signed with
// before, latest first.
func NewVerifier(login, platform ed25519.PublicKey, now func() time.Time, older ...ed25519.PublicKey) *Verifier {
	keys := map[string]ed25519.PublicKey{keyPlatform: platform}
	for _, key := range append([]ed25519.PublicKey{login}, older...) {
		keys[LoginKeyID(key)], keys[keyLogin] = key, key // without a thumbprint it is the oldest
	}
	return &Verifier{
		keys: keys, now: now, seen: newSeen[digest, Claims](), signed: newSeen[digest, proof](), heads: newSeen[string, string](),
		parser: jwt.NewParser(jwt.WithValidMethods([]string{jwt.SigningMethodEdDSA.Alg()}),
			jwt.WithIssuer(issuer), jwt.WithExpirationRequired(), jwt.WithTimeFunc(now)),
	}
}

// Verify reads a token; whatever is wrong with it, the caller learns only that it does not hold. What has been verified
// once is not verified again, but its end is looked at every time.
func (v *Verifier) Verify(text string) (Claims, error) {
	key := digestOf(text)
	if known, ok := v.seen.get(key); ok && v.now().Before(known.Expires) {
		return known, nil
	}
	claims, err := v.verify(text)
	if err == nil {
		v.seen.put(key, claims)
	}
	return claims, err
}

func (v *Verifier) verify(text string) (Claims, error) {
	var w wire
	t, err := v.parser.ParseWithClaims(text, &w, v.key)
	if err != nil {
		return Claims{}, Refused(err)
	}
	if fromPlatform := t.Header["kid"] == keyPlatform; fromPlatform != (w.Kind == Platform || w.Kind == Scaler) {
		return Claims{}, Refused(fmt.Errorf("key %v signs no %q token", t.Header["kid"], w.Kind))
	}
	return Claims{Subject: w.Subject, Session: w.Session, Round: w.Round, Pool: w.Pool, Kind: w.Kind, Expires: w.ExpiresAt.Time}, nil
}

func (v *Verifier) key(t *jwt.Token) (any, error) {
	id, _ := t.Header["kid"].(string)
	if key := v.keys[id]; len(key) == ed25519.PublicKeySize {
		return key, nil
	}
	return nil, fmt.Errorf("unknown key %q", id)
}

// Refused is the one answer to every token that does not hold; why stays in the log.
func Refused(cause error) error {
	return fault.New(fault.Unauthenticated, "Unauthorized", "a valid token is needed: %w", cause)
}
