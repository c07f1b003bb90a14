package store

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"slices"

	bolt "go.etcd.io/bbolt"

	"onex.io/onex/toyblc/block"
)

// Signer is somebody who has blocks on the main chain.
type Signer struct {
	Key    block.PublicKey
	Blocks int64 // above 0
}

// Tally counts the blocks of the main chain by who signed them. Genesis, which
// nobody signed, does not count. It changes with every Apply, in the same
// transaction.
type Tally interface {
	// Signers lists those whose key is from or comes after it, in the order of
	// their keys: at most limit.
	Signers(from block.PublicKey, limit int) ([]Signer, error)
}

// Won is the number of main-chain blocks that one key signed.
func Won(t Tally, key block.PublicKey) (int64, error) {
	at, err := t.Signers(key, 1)
	if err != nil || len(at) == 0 || at[0].Key != key {
		return 0, err
	}
	return at[0].Blocks, nil
}

// Signers implements Tally.
func (b *Bolt) Signers(from block.PublicKey, limit int) (out []Signer, err error) {
	err = b.view(func(s shelves) error {
		at := s.signers.Cursor()
		for k, v := at.Seek(from[:]); k != nil && len(out) < limit; k, v = at.Next() {
			if len(k) != len(from) || len(v) != 8 {
				return fmt.Errorf("tally of signers: %w", ErrCorrupt)
			}
			out = append(out, Signer{Key: block.PublicKey(k), Blocks: int64(binary.BigEndian.Uint64(v))})
		}
		return nil
	})
	return out, err
}

// count adds change to the tally of who signed b.
func (s shelves) count(b block.Block, change int64) error {
	if b.Index == 0 {
		return nil
	}
	have := int64(0)
	if v := s.signers.Get(b.PublicKey[:]); len(v) == 8 {
		have = int64(binary.BigEndian.Uint64(v))
	}
	switch now := have + change; {
	case now < 0:
		return fmt.Errorf("tally of signer %q: below 0: %w", b.PublicKey, ErrCorrupt)
	case now == 0:
		return s.signers.Delete(b.PublicKey[:])
	default:
		return s.signers.Put(b.PublicKey[:], binary.BigEndian.AppendUint64(nil, uint64(now)))
	}
}

// countAll makes the tally of a file that has none yet.
func countAll(tx *bolt.Tx) error {
	if tx.Bucket([]byte(signersBucket)) != nil {
		return nil
	}
	if _, err := tx.CreateBucket([]byte(signersBucket)); err != nil {
		return err
	}
	s := newShelves(tx)
	return s.main.ForEach(func(_, record []byte) error {
		stored, err := decodeRecord(record)
		if err != nil {
			return err
		}
		return s.count(stored.Block, 1)
	})
}

// Signers implements Tally.
func (m *Memory) Signers(from block.PublicKey, limit int) ([]Signer, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	count := map[block.PublicKey]int64{}
	for _, s := range m.main {
		if s.Block.Index > 0 && bytes.Compare(s.Block.PublicKey[:], from[:]) >= 0 {
			count[s.Block.PublicKey]++
		}
	}
	out := make([]Signer, 0, len(count))
	for key, n := range count {
		out = append(out, Signer{Key: key, Blocks: n})
	}
	slices.SortFunc(out, func(a, b Signer) int { return bytes.Compare(a.Key[:], b.Key[:]) })
	return out[:min(limit, len(out))], nil
}
