package chain

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"math/big"

	"onex.io/onex/toyblc/block"
)

// Work is the number of hashes that a chain is expected to have taken, from
// genesis to some block: a 256-bit big-endian number written as hex.
type Work [32]byte

// Plus is the work of a chain one block longer, its last target being t. It
// stops at the greatest number, which no real chain reaches.
func (w Work) Plus(t block.Target) Work {
	sum := new(big.Int).Add(new(big.Int).SetBytes(w[:]), block.ExpectedHashes(t))
	if sum.BitLen() > 256 {
		return w
	}
	var out Work
	sum.FillBytes(out[:])
	return out
}

// Exceeds reports whether w is more than v.
func (w Work) Exceeds(v Work) bool { return bytes.Compare(w[:], v[:]) > 0 }

// Big is the number itself.
func (w Work) Big() *big.Int { return new(big.Int).SetBytes(w[:]) }

// String writes 64 hex digits.
func (w Work) String() string { return hex.EncodeToString(w[:]) }

// MarshalText writes 64 hex digits.
func (w Work) MarshalText() ([]byte, error) { return hex.AppendEncode(nil, w[:]), nil }

// UnmarshalText reads exactly 64 hex digits.
func (w *Work) UnmarshalText(text []byte) error {
	if len(text) != hex.EncodedLen(len(w)) {
		return fmt.Errorf("decode work: %d digits, want %d", len(text), hex.EncodedLen(len(w)))
	}
	if _, err := hex.Decode(w[:], text); err != nil {
		return fmt.Errorf("decode work: %w", err)
	}
	return nil
}
