package block

import (
	"crypto/sha256"
	"encoding"
	"encoding/binary"
	"hash"
)

// settled is how much of an encoded header is in whole chunks of sha256 before
// the nonce, and so the same for every nonce.
const settled = nonceOffset / sha256.BlockSize * sha256.BlockSize

// Puzzle is one header prepared for trying many nonces. The state of sha256
// after the settled chunks is kept, so that a try hashes one chunk of four. It is
// not safe for concurrent use.
type Puzzle struct {
	header Header
	rest   [encodedSize - settled]byte
	digest digest
	state  []byte // of digest after the settled chunks
	sum    Hash
}

// digest is a hash that can be brought back to a state.
type digest interface {
	hash.Hash
	encoding.BinaryMarshaler
	encoding.BinaryUnmarshaler
}

// NewPuzzle prepares h; its nonce does not matter.
func NewPuzzle(h Header) *Puzzle {
	encoded := h.encode()
	p := &Puzzle{header: h, digest: sha256.New().(digest)}
	copy(p.rest[:], encoded[settled:])
	p.digest.Write(encoded[:settled])
	p.state, _ = p.digest.MarshalBinary() // sha256 never refuses
	return p
}

// Try reports whether the header with this nonce has a hash within its target.
func (p *Puzzle) Try(nonce uint64) bool {
	binary.BigEndian.PutUint64(p.rest[nonceOffset-settled:], nonce)
	if p.digest.UnmarshalBinary(p.state) != nil {
		return false // its own state, which sha256 never refuses
	}
	p.digest.Write(p.rest[:])
	p.digest.Sum(p.sum[:0])
	return p.header.Target.Allows(p.sum)
}

// Solved is the header with the nonce that Try accepted.
func (p *Puzzle) Solved(nonce uint64) Header {
	h := p.header
	h.Nonce = nonce
	return h
}
