// Package store keeps a node's blocks: one seam with two implementations, in
// memory and in a bbolt file, which pass the same conformance suite (package
// storetest). A store judges nothing; what it is told to keep has been judged.
package store

import (
	"errors"

	"onex.io/onex/toyblc/block"
	"onex.io/onex/toyblc/chain"
)

// ErrCorrupt says that what was read is not what was written. The file is to
// be set aside and the chain fetched from peers again.
var ErrCorrupt = errors.New("the stored chain is corrupt")

// Store keeps a main chain by height and side blocks by hash. Reads may run
// beside each other and beside a write; there is one writer.
type Store interface {
	// Apply makes one change durable, all or nothing. A block that is added
	// twice is kept once.
	Apply(chain.Store) error
	// Range reads main-chain blocks ascending from a height: at most limit, and
	// fewer when their data pass RangeBytes; none only above the head.
	Range(from int64, limit int) ([]chain.Stored, error)
	// Find tells the height of a main-chain block; -1 for any other hash.
	Find(block.Hash) (int64, error)
	// Height is the height of the main chain's head; -1 when the store is empty.
	Height() (int64, error)
}

// RangeBytes bounds the data that one Range reads into memory, give or take a
// block.
const RangeBytes = 512 << 10

// Load reads what a machine starts from, the last keep blocks and the
// checkpoints, and hands it over piece by piece.
func Load(s Store, keep int64, take func(chain.Loaded) error) error {
	head, err := s.Height()
	if err != nil {
		return err
	}
	if head < 0 {
		return take(chain.Loaded{})
	}
	checkpoints, err := checkpoints(s, head)
	if err != nil {
		return err
	}
	for from := max(0, head+1-keep); from <= head; {
		part, err := s.Range(from, chain.MaxBatch)
		if err != nil {
			return err
		}
		if err := take(chain.Loaded{Blocks: part, Checkpoints: checkpoints}); err != nil {
			return err
		}
		from += int64(len(part))
	}
	return nil
}

func checkpoints(s Store, head int64) ([]block.Hash, error) {
	var out []block.Hash
	for h := int64(0); h <= head; h += chain.CheckpointStep {
		at, err := s.Range(h, 1)
		if err != nil {
			return nil, err
		}
		out = append(out, at[0].Block.Hash)
	}
	return out, nil
}
