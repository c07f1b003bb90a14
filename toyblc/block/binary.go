package block

import (
	"encoding/binary"
	"errors"
)

// ErrEncoding says that bytes are no block in the binary encoding.
var ErrEncoding = errors.New("not a block in the binary encoding")

// The binary encoding of a signed header is for wires and files:
//
//	version 4 | index 8 | timestamp 8 | nonce 8 | previousHash 32 | dataRoot 32 |
//	target 32 | publicKey 32 | signature 64 | chainID 1+n | address 1+n
//
// Numbers are big-endian. The hash is not in it but computed, so that it cannot
// disagree. A whole block is its header and its data, 4+n.
const fixedHeader = 4 + 3*8 + 4*32 + 64

// MinHeaderBytes, MaxHeaderBytes and MaxBlockBytes bound the two encodings.
const (
	MinHeaderBytes = fixedHeader + 2
	MaxHeaderBytes = fixedHeader + 1 + MaxChainID + 1 + MaxAddress
	MaxBlockBytes  = MaxHeaderBytes + 4 + MaxData
)

// AppendHeader appends the encoding of b without its data.
func (b Block) AppendHeader(dst []byte) []byte {
	dst = binary.BigEndian.AppendUint32(dst, b.Version)
	dst = binary.BigEndian.AppendUint64(dst, uint64(b.Index))
	dst = binary.BigEndian.AppendUint64(dst, uint64(b.Timestamp))
	dst = binary.BigEndian.AppendUint64(dst, b.Nonce)
	for _, field := range [][]byte{b.PreviousHash[:], b.DataRoot[:], b.Target[:], b.PublicKey[:], b.Signature[:]} {
		dst = append(dst, field...)
	}
	dst = append(append(dst, byte(len(b.ChainID))), b.ChainID...)
	return append(append(dst, byte(len(b.Address))), b.Address...)
}

// AppendBlock appends the encoding of b.
func (b Block) AppendBlock(dst []byte) []byte {
	return AppendText(b.AppendHeader(dst), b.Data)
}

// AppendText appends 4 bytes of length and a text.
func AppendText(dst []byte, text string) []byte {
	return append(binary.BigEndian.AppendUint32(dst, uint32(len(text))), text...)
}

// Reader takes an encoding apart. Once something is missing or longer than it
// may be, everything read is zero and Err tells of it.
type Reader struct {
	rest    []byte
	err     error
	chainID string // of the header before: they are all of one chain
	address string
}

// NewReader reads raw, which it does not change and does not keep parts of.
func NewReader(raw []byte) *Reader { return &Reader{rest: raw} }

// Err is ErrEncoding when something could not be read.
func (r *Reader) Err() error { return r.err }

// Len is how many bytes are left.
func (r *Reader) Len() int { return len(r.rest) }

// End wants nothing to be left.
func (r *Reader) End() error {
	if r.err == nil && len(r.rest) > 0 {
		return ErrEncoding
	}
	return r.err
}

// Header reads a signed header and computes its hash.
func (r *Reader) Header() (b Block) {
	b.Version = uint32(r.Number(4))
	b.Index = int64(r.Number(8))
	b.Timestamp = int64(r.Number(8))
	b.Nonce = r.Number(8)
	for _, field := range [][]byte{b.PreviousHash[:], b.DataRoot[:], b.Target[:], b.PublicKey[:], b.Signature[:]} {
		r.Fill(field)
	}
	b.ChainID = r.name(MaxChainID, &r.chainID)
	b.Address = r.name(MaxAddress, &r.address)
	if r.err != nil {
		return Block{}
	}
	b.Hash = b.Header.Hash()
	return b
}

// Block reads a whole block.
func (r *Reader) Block() Block {
	b := r.Header()
	b.Data = r.Text(MaxData)
	if r.err != nil {
		return Block{}
	}
	return b
}

// Text reads what AppendText wrote, at most so many bytes of it.
func (r *Reader) Text(most int) string {
	n := r.Number(4)
	if n > uint64(most) {
		r.fail()
	}
	return string(r.next(n))
}

// Name reads one byte of length and a text of at most so many bytes.
func (r *Reader) Name(most int) string { return r.name(most, new(string)) }

// name makes no second string of what was read before.
func (r *Reader) name(most int, before *string) string {
	n := r.Number(1)
	if n > uint64(most) {
		r.fail()
	}
	if raw := r.next(n); *before != string(raw) {
		*before = string(raw)
	}
	return *before
}

// Number reads a big-endian number of so many bytes.
func (r *Reader) Number(size uint64) (n uint64) {
	for _, b := range r.next(size) {
		n = n<<8 | uint64(b)
	}
	return n
}

// Count reads the 4 bytes that say how many elements follow, none of them shorter
// than least bytes: there cannot be more than there are bytes for.
func (r *Reader) Count(least int) int {
	n := r.Number(4)
	if n > uint64(len(r.rest)/least) {
		r.fail()
		return 0
	}
	return int(n)
}

// Fill reads as many bytes as dst holds.
func (r *Reader) Fill(dst []byte) { copy(dst, r.next(uint64(len(dst)))) }

func (r *Reader) next(n uint64) []byte {
	if n > uint64(len(r.rest)) {
		r.fail()
		return nil
	}
	out := r.rest[:n]
	r.rest = r.rest[n:]
	return out
}

func (r *Reader) fail() { r.err, r.rest = ErrEncoding, nil }
