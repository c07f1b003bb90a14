package store

import (
	"encoding/binary"
	"fmt"
	"runtime/debug"

	bolt "go.etcd.io/bbolt"

	"onex.io/onex/toyblc/block"
	"onex.io/onex/toyblc/chain"
)

// shelves are the buckets within one transaction.
type shelves struct{ main, heights, side, signers *bolt.Bucket }

func newShelves(tx *bolt.Tx) shelves {
	return shelves{
		main:    tx.Bucket([]byte(mainBucket)),
		heights: tx.Bucket([]byte(heightsBucket)),
		side:    tx.Bucket([]byte(sideBucket)),
		signers: tx.Bucket([]byte(signersBucket)),
	}
}

func heightKey(h int64) []byte { return binary.BigEndian.AppendUint64(nil, uint64(h)) }

func (s shelves) height() int64 {
	k, _ := s.main.Cursor().Last()
	if k == nil {
		return -1
	}
	return int64(binary.BigEndian.Uint64(k))
}

// complete checks that what was read is a run of heights without a hole.
func (s shelves) complete(from int64, read []chain.Stored) error {
	if len(read) == 0 && from <= s.height() {
		return fmt.Errorf("block \"%d\" is missing: %w", from, ErrCorrupt)
	}
	for i, r := range read {
		if r.Block.Index != from+int64(i) {
			return fmt.Errorf("block \"%d\" is stored at height %d: %w", r.Block.Index, from+int64(i), ErrCorrupt)
		}
	}
	return nil
}

func (s shelves) apply(c chain.Store) error {
	for _, add := range c.Add {
		hash := add.Block.Hash
		if s.heights.Get(hash[:]) != nil {
			continue
		}
		if err := s.side.Put(hash[:], encodeRecord(add)); err != nil {
			return err
		}
	}
	if err := s.follow(c); err != nil {
		return err
	}
	for _, hash := range c.Forget {
		if err := s.side.Delete(hash[:]); err != nil {
			return err
		}
	}
	return nil
}

func (s shelves) follow(c chain.Store) error {
	if len(c.Main) == 0 {
		return nil
	}
	head := s.height()
	if c.From < 0 || c.From > head+1 {
		return fmt.Errorf("height %d does not follow %d", c.From, head)
	}
	for h := head; h >= c.From; h-- {
		if err := s.demote(h); err != nil {
			return err
		}
	}
	for i, hash := range c.Main {
		if err := s.promote(c.From+int64(i), hash); err != nil {
			return err
		}
	}
	return nil
}

// demote moves a block from the main chain to the side.
func (s shelves) demote(height int64) error {
	key := heightKey(height)
	stored, err := decodeRecord(s.main.Get(key))
	if err != nil {
		return fmt.Errorf("block \"%d\": %w", height, err)
	}
	hash := stored.Block.Hash
	if err := s.side.Put(hash[:], encodeRecord(stored)); err != nil {
		return err
	}
	if err := s.heights.Delete(hash[:]); err != nil {
		return err
	}
	if err := s.count(stored.Block, -1); err != nil {
		return err
	}
	return s.main.Delete(key)
}

// promote moves a block from the side to the main chain.
func (s shelves) promote(height int64, hash block.Hash) error {
	record := s.side.Get(hash[:])
	if record == nil {
		return fmt.Errorf("block %q is not there", hash)
	}
	// bbolt's slices die with the next write to their page.
	record = append([]byte(nil), record...)
	stored, err := decodeRecord(record)
	if err != nil {
		return fmt.Errorf("block %q: %w", hash, err)
	}
	if err := s.count(stored.Block, 1); err != nil {
		return err
	}
	key := heightKey(height)
	if err := s.main.Put(key, record); err != nil {
		return err
	}
	if err := s.heights.Put(hash[:], key); err != nil {
		return err
	}
	return s.side.Delete(hash[:])
}

// guard runs an operation on the mapped file. A damaged page can make bbolt
// panic, and a file cut short makes the mapping fault; both become ErrCorrupt.
func (b *Bolt) guard(what string, do func() error) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%s chain file %q: %v: %w", what, b.path, r, ErrCorrupt)
		}
	}()
	if err := do(); err != nil {
		return fmt.Errorf("%s chain file %q: %w", what, b.path, err)
	}
	return nil
}
