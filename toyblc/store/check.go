package store

import (
	"bytes"
	"encoding/binary"
	"fmt"

	bolt "go.etcd.io/bbolt"

	"onex.io/onex/toyblc/block"
)

// check reads a whole file: bbolt has no checksums of its own, and would go on from
// what a bad disk has made of an index. Some 5 µs a block; a file of an earlier
// process is read before anything is written to it.
func check(tx *bolt.Tx) error {
	s := newShelves(tx)
	if s.main == nil {
		return nil // a new file
	}
	if s.heights == nil {
		return fmt.Errorf("the index of hashes is missing: %w", ErrCorrupt)
	}
	won, blocks := map[block.PublicKey]int64{}, int64(0)
	err := s.main.ForEach(func(key, record []byte) error {
		stored, err := decodeRecord(record)
		if err != nil {
			return fmt.Errorf("block \"%d\": %w", blocks, err)
		}
		b := stored.Block
		if b.Index != blocks || !bytes.Equal(key, heightKey(blocks)) || !bytes.Equal(s.heights.Get(b.Hash[:]), key) {
			return fmt.Errorf("block \"%d\" is not where it belongs: %w", blocks, ErrCorrupt)
		}
		if blocks++; b.Index > 0 {
			won[b.PublicKey]++
		}
		return nil
	})
	if err != nil {
		return err
	}
	return s.checkIndexes(blocks, won)
}

// checkIndexes wants the indexes to hold so many blocks, won like this, and no more.
func (s shelves) checkIndexes(blocks int64, won map[block.PublicKey]int64) error {
	hashes := int64(0)
	if err := s.heights.ForEach(func(_, _ []byte) error { hashes++; return nil }); err != nil {
		return err
	}
	if hashes != blocks {
		return fmt.Errorf("the index of hashes has %d for %d blocks: %w", hashes, blocks, ErrCorrupt)
	}
	if s.signers == nil {
		return nil // made when the file is opened
	}
	signers := 0
	err := s.signers.ForEach(func(key, count []byte) error {
		if signers++; len(key) != len(block.PublicKey{}) || len(count) != 8 ||
			int64(binary.BigEndian.Uint64(count)) != won[block.PublicKey(key)] {
			return fmt.Errorf("tally of signer \"%x\": %w", key, ErrCorrupt)
		}
		return nil
	})
	if err == nil && signers != len(won) {
		err = fmt.Errorf("tally of %d signers, want %d: %w", signers, len(won), ErrCorrupt)
	}
	return err
}
