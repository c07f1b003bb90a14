package tool

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"time"

	"onex.io/onex/toyblc/block"
	"onex.io/onex/toyblc/chain"
)

// summary is what is told of a chain that keeps the rules.
type summary struct {
	params   block.Params
	verifier *block.Verifier
	last     chain.Stored
	signers  map[block.PublicKey]int64
}

func (s *summary) print(out io.Writer) error {
	_, err := fmt.Fprintf(out, "chain %s, a block per %s\nheight %d\nhead %s\nwork %s\n", s.params.ChainID, s.params.Interval,
		s.last.Block.Index, s.last.Block.Hash, s.last.Work.Big())
	keys := slices.SortedFunc(maps.Keys(s.signers), func(a, b block.PublicKey) int { return bytes.Compare(a[:], b[:]) })
	for _, key := range keys {
		_, e := fmt.Fprintf(out, "signer %s %d\n", key, s.signers[key])
		err = errors.Join(err, e)
	}
	return err
}

// verify reads a chain and hands over what keeps the rules, in batches, whose
// signatures are checked on all cores. It stops at the first block that does not.
func verify(in io.Reader, genesis string, take func([]chain.Stored) error) (*summary, error) {
	s := &summary{signers: map[block.PublicKey]int64{}}
	next := readBlocks(in)
	for {
		blocks, err := readBatch(next)
		if err == nil && len(blocks) == 0 {
			break
		}
		part, wrong := s.add(blocks, genesis)
		if wrong != nil {
			return nil, wrong
		}
		if err != nil {
			return nil, fmt.Errorf("after block \"%d\": %w", s.last.Block.Index, err)
		}
		if err := take(part); err != nil {
			return nil, err
		}
	}
	if s.verifier == nil {
		return nil, errors.New("no blocks")
	}
	return s, nil
}

func readBatch(next func() (block.Block, error)) (out []block.Block, err error) {
	for len(out) < batch {
		b, err := next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return out, err
		}
		out = append(out, b)
	}
	return out, nil
}

// add takes blocks that follow each other.
func (s *summary) add(blocks []block.Block, genesis string) (part []chain.Stored, err error) {
	if s.verifier == nil && len(blocks) > 0 {
		if err := s.begin(blocks[0], genesis); err != nil {
			return nil, err
		}
		part, blocks = append(part, s.last), blocks[1:]
	}
	if len(blocks) == 0 {
		return part, nil
	}
	if _, err := s.verifier.Add(time.Now(), blocks...); err != nil {
		return nil, err
	}
	for _, b := range blocks {
		s.last = chain.Stored{Block: b, Work: s.last.Work.Plus(b.Target)}
		s.signers[b.PublicKey]++
		part = append(part, s.last)
	}
	return part, nil
}

func (s *summary) begin(b block.Block, genesis string) (err error) {
	if genesis != "" && b.Hash.String() != genesis {
		return fmt.Errorf("the first block is %s, want %s", b.Hash, genesis)
	}
	if s.params, err = block.ParamsOf(b); err != nil {
		return err
	}
	s.last = chain.Stored{Block: b, Work: chain.Work{}.Plus(b.Target)}
	s.verifier, err = block.NewVerifier(s.params)
	return err
}
