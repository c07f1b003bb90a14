package store

import (
	"onex.io/onex/toyblc/block"
	"onex.io/onex/toyblc/chain"
)

// ServeHeaders answers a peer's question from the store: the headers after the
// first hash of the locator that is on the main chain.
func ServeHeaders(s Store, locator []block.Hash) (chain.Headers, error) {
	from := int64(0)
	for _, h := range locator {
		height, err := s.Find(h)
		if err != nil {
			return chain.Headers{}, err
		}
		if height >= 0 {
			from = height
			break
		}
	}
	found, err := s.Range(from+1, chain.MaxBatch)
	if err != nil {
		return chain.Headers{}, err
	}
	head, err := s.Height()
	if err != nil {
		return chain.Headers{}, err
	}
	out := chain.Headers{Headers: make([]block.Block, len(found)), More: from+int64(len(found)) < head}
	for i, f := range found {
		f.Block.Data = ""
		out.Headers[i] = f.Block
	}
	return out, nil
}

// ServeBodies answers a peer that has the headers: the data of the first so many
// of the blocks named that are on the main chain, as much as one Range reads.
func ServeBodies(s Store, hashes []block.Hash) (out chain.Bodies, err error) {
	for size := 0; len(hashes) > 0 && size < RangeBytes; {
		height, err := s.Find(hashes[0])
		if err != nil || height < 0 {
			return out, err
		}
		found, err := s.Range(height, len(hashes))
		if err != nil {
			return chain.Bodies{}, err
		}
		given := 0
		for _, f := range found {
			if size >= RangeBytes || given == len(hashes) || f.Block.Hash != hashes[given] {
				break
			}
			out.Data = append(out.Data, f.Block.Data)
			size += len(f.Block.Data)
			given++
		}
		if given == 0 {
			return out, nil // it has left the main chain meanwhile
		}
		hashes = hashes[given:]
	}
	return out, nil
}
