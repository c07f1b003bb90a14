package block

import (
	"bytes"
	"crypto/ed25519"
	"encoding/hex"
	"fmt"
)

// Hash is a sha256 digest, written as 64 hex digits.
type Hash [32]byte

// Target is the greatest hash that counts as a proof, a 256-bit big-endian
// number written as 64 hex digits. The greater, the easier.
type Target [32]byte

// PublicKey is a miner's Ed25519 key, written as 64 hex digits.
type PublicKey [ed25519.PublicKeySize]byte

// Signature is a miner's Ed25519 signature over a hash, written as 128 hex digits.
type Signature [ed25519.SignatureSize]byte

// ParseHash reads 64 hex digits.
func ParseHash(s string) (Hash, error) {
	var h Hash
	return h, h.UnmarshalText([]byte(s))
}

// Allows reports whether h is at or below the target.
func (t Target) Allows(h Hash) bool { return bytes.Compare(h[:], t[:]) <= 0 }

// String writes 64 hex digits.
func (h Hash) String() string { return hex.EncodeToString(h[:]) }

// String writes 64 hex digits.
func (t Target) String() string { return hex.EncodeToString(t[:]) }

// String writes 64 hex digits.
func (k PublicKey) String() string { return hex.EncodeToString(k[:]) }

// String writes 128 hex digits.
func (s Signature) String() string { return hex.EncodeToString(s[:]) }

// MarshalText writes 64 hex digits.
func (h Hash) MarshalText() ([]byte, error) { return hex.AppendEncode(nil, h[:]), nil }

// MarshalText writes 64 hex digits.
func (t Target) MarshalText() ([]byte, error) { return hex.AppendEncode(nil, t[:]), nil }

// MarshalText writes 64 hex digits.
func (k PublicKey) MarshalText() ([]byte, error) { return hex.AppendEncode(nil, k[:]), nil }

// MarshalText writes 128 hex digits.
func (s Signature) MarshalText() ([]byte, error) { return hex.AppendEncode(nil, s[:]), nil }

// UnmarshalText reads exactly 64 hex digits.
func (h *Hash) UnmarshalText(text []byte) error { return unhex(h[:], text) }

// UnmarshalText reads exactly 64 hex digits.
func (t *Target) UnmarshalText(text []byte) error { return unhex(t[:], text) }

// UnmarshalText reads exactly 64 hex digits.
func (k *PublicKey) UnmarshalText(text []byte) error { return unhex(k[:], text) }

// UnmarshalText reads exactly 128 hex digits.
func (s *Signature) UnmarshalText(text []byte) error { return unhex(s[:], text) }

func unhex(dst, text []byte) error {
	if len(text) != hex.EncodedLen(len(dst)) {
		return fmt.Errorf("decode hex: %d digits, want %d", len(text), hex.EncodedLen(len(dst)))
	}
	if _, err := hex.Decode(dst, text); err != nil {
		return fmt.Errorf("decode hex: %w", err)
	}
	return nil
}
