package store

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"time"

	bolt "go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"

	"onex.io/onex/toyblc/block"
	"onex.io/onex/toyblc/chain"
)

// The buckets: main holds height → record, heights hash → height of the same
// blocks, side hash → record of all others; signers public key → number of
// blocks in main.
const (
	mainBucket    = "main"
	heightsBucket = "heights"
	sideBucket    = "side"
	signersBucket = "signers"
)

// Bolt is a Store in one bbolt file. Every Apply is a transaction that is on
// the disk when it returns, so a process killed at any moment finds the chain
// as some Apply left it.
type Bolt struct {
	db   *bolt.DB
	path string
}

// OpenBolt opens or creates a file. An error that is ErrCorrupt means that the
// file is to be set aside. Side blocks of an earlier process are dropped: it
// alone knew what they were for.
func OpenBolt(path string) (*Bolt, error) {
	b := &Bolt{path: path}
	err := b.guard("open", func() error {
		db, err := bolt.Open(path, 0o600, &bolt.Options{Timeout: time.Second})
		if err != nil {
			return fileError(err)
		}
		b.db = db
		if err := db.View(check); err != nil {
			return err
		}
		return db.Update(prepare)
	})
	if err != nil {
		return nil, errors.Join(err, b.Close())
	}
	return b, nil
}

func prepare(tx *bolt.Tx) error {
	if tx.Bucket([]byte(sideBucket)) != nil {
		if err := tx.DeleteBucket([]byte(sideBucket)); err != nil {
			return err
		}
	}
	for _, name := range []string{mainBucket, heightsBucket, sideBucket} {
		if _, err := tx.CreateBucketIfNotExists([]byte(name)); err != nil {
			return err
		}
	}
	return countAll(tx)
}

// fileError tells a damaged file from a disk that cannot be used.
func fileError(err error) error {
	var pathErr *os.PathError
	if errors.As(err, &pathErr) || errors.Is(err, bolterrors.ErrTimeout) {
		return err
	}
	return fmt.Errorf("%w: %w", ErrCorrupt, err)
}

// SetAside renames a corrupt file, so that a new one can be begun and somebody
// can look at the old one. It keeps one such file and returns its name.
func SetAside(path string) (string, error) {
	aside := path + ".set-aside"
	if err := os.Rename(path, aside); err != nil {
		return "", fmt.Errorf("set aside %q: %w", path, err)
	}
	return aside, nil
}

// Close releases the file; a Bolt that was never opened has none.
func (b *Bolt) Close() error {
	if b == nil || b.db == nil {
		return nil
	}
	return b.db.Close()
}

// Apply implements Store.
func (b *Bolt) Apply(c chain.Store) error {
	return b.guard("store", func() error {
		return b.db.Update(func(tx *bolt.Tx) error { return newShelves(tx).apply(c) })
	})
}

// Range implements Store.
func (b *Bolt) Range(from int64, limit int) (out []chain.Stored, err error) {
	err = b.view(func(s shelves) error {
		size := 0
		at := s.main.Cursor()
		for k, v := at.Seek(heightKey(max(from, 0))); k != nil && len(out) < limit && size < RangeBytes; k, v = at.Next() {
			stored, err := decodeRecord(v)
			if err != nil {
				return fmt.Errorf("block \"%d\": %w", binary.BigEndian.Uint64(k), err)
			}
			out = append(out, stored)
			size += len(stored.Block.Data)
		}
		if limit > 0 {
			return s.complete(max(from, 0), out)
		}
		return nil
	})
	return out, err
}

// Find implements Store.
func (b *Bolt) Find(h block.Hash) (height int64, err error) {
	height = -1
	err = b.view(func(s shelves) error {
		if k := s.heights.Get(h[:]); k != nil {
			height = int64(binary.BigEndian.Uint64(k))
		}
		return nil
	})
	return height, err
}

// Height implements Store.
func (b *Bolt) Height() (height int64, err error) {
	err = b.view(func(s shelves) error {
		height = s.height()
		return nil
	})
	return height, err
}

func (b *Bolt) view(read func(shelves) error) error {
	return b.guard("read", func() error {
		return b.db.View(func(tx *bolt.Tx) error { return read(newShelves(tx)) })
	})
}
