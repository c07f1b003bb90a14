package tool

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"time"

	"onex.io/onex/toyblc/block"
	"onex.io/onex/toyblc/chain"
)

// maxLine bounds a line: one block, however JSON spells it.
const maxLine = 6*block.MaxData + 4096

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

// verify reads a chain and hands over what keeps the rules, in batches. It stops at
// the first block that does not.
func verify(in io.Reader, genesis string, take func([]chain.Stored) error) (*summary, error) {
	s := &summary{signers: map[block.PublicKey]int64{}}
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, maxLine)
	var part []chain.Stored
	for lines.Scan() {
		var b block.Block
		if err := json.Unmarshal(lines.Bytes(), &b); err != nil {
			return nil, fmt.Errorf("after block \"%d\": %w", s.last.Block.Index, err)
		}
		if err := s.add(b, genesis); err != nil {
			return nil, err
		}
		if part = append(part, s.last); len(part) == batch {
			if err := take(part); err != nil {
				return nil, err
			}
			part = nil
		}
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("after block \"%d\": %w", s.last.Block.Index, err)
	}
	if s.verifier == nil {
		return nil, errors.New("no blocks")
	}
	if len(part) > 0 {
		return s, take(part)
	}
	return s, nil
}

func (s *summary) add(b block.Block, genesis string) error {
	if s.verifier == nil {
		return s.begin(b, genesis)
	}
	if _, err := s.verifier.Add(time.Now(), b); err != nil {
		return err
	}
	s.last = chain.Stored{Block: b, Work: s.last.Work.Plus(b.Target)}
	s.signers[b.PublicKey]++
	return nil
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
