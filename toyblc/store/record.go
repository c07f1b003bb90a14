package store

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"

	"onex.io/onex/toyblc/block"
	"onex.io/onex/toyblc/chain"
)

// A record is one stored block:
//
//	format 1 | work 32 | version 4 | index 8 | timestamp 8 | nonce 8 |
//	previousHash 32 | target 32 | publicKey 32 | signature 64 |
//	chainID 1+n | address 1+n | data 4+n | crc32c 4
//
// Hash and data root are not stored but computed, so they cannot disagree.
const recordFormat = 1

func encodeRecord(s chain.Stored) []byte {
	b := s.Block
	out := make([]byte, 0, 256+len(b.ChainID)+len(b.Address)+len(b.Data))
	out = append(out, recordFormat)
	out = append(out, s.Work[:]...)
	out = binary.BigEndian.AppendUint32(out, b.Version)
	out = binary.BigEndian.AppendUint64(out, uint64(b.Index))
	out = binary.BigEndian.AppendUint64(out, uint64(b.Timestamp))
	out = binary.BigEndian.AppendUint64(out, b.Nonce)
	out = append(out, b.PreviousHash[:]...)
	out = append(out, b.Target[:]...)
	out = append(out, b.PublicKey[:]...)
	out = append(out, b.Signature[:]...)
	out = append(append(out, byte(len(b.ChainID))), b.ChainID...)
	out = append(append(out, byte(len(b.Address))), b.Address...)
	out = append(binary.BigEndian.AppendUint32(out, uint32(len(b.Data))), b.Data...)
	return seal(out)
}

// seal appends the checksum to a record's body.
func seal(body []byte) []byte {
	return binary.BigEndian.AppendUint32(body, crc32.Checksum(body, castagnoli()))
}

func castagnoli() *crc32.Table { return crc32.MakeTable(crc32.Castagnoli) }

func decodeRecord(raw []byte) (chain.Stored, error) {
	var s chain.Stored
	if len(raw) < 5 {
		return s, fmt.Errorf("decode record: %d bytes: %w", len(raw), ErrCorrupt)
	}
	body, sum := raw[:len(raw)-4], binary.BigEndian.Uint32(raw[len(raw)-4:])
	if crc32.Checksum(body, castagnoli()) != sum {
		return s, fmt.Errorf("decode record: checksum differs: %w", ErrCorrupt)
	}
	if body[0] != recordFormat {
		return s, fmt.Errorf("decode record: format %d, want %d: %w", body[0], recordFormat, ErrCorrupt)
	}
	r := reader{rest: body[1:]}
	b := &s.Block
	r.copy(s.Work[:])
	b.Version = uint32(r.number(4))
	b.Index = int64(r.number(8))
	b.Timestamp = int64(r.number(8))
	b.Nonce = r.number(8)
	for _, field := range [][]byte{b.PreviousHash[:], b.Target[:], b.PublicKey[:], b.Signature[:]} {
		r.copy(field)
	}
	b.ChainID = string(r.next(r.number(1)))
	b.Address = string(r.next(r.number(1)))
	b.Data = string(r.next(r.number(4)))
	if r.short || len(r.rest) > 0 {
		return chain.Stored{}, fmt.Errorf("decode record: wrong length: %w", ErrCorrupt)
	}
	b.DataRoot = block.DataRoot(b.Data)
	b.Hash = b.Header.Hash()
	return s, nil
}

// reader takes a record apart; once it is short, everything is zero.
type reader struct {
	rest  []byte
	short bool
}

func (r *reader) next(n uint64) []byte {
	if n > uint64(len(r.rest)) {
		r.short, r.rest = true, nil
		return nil
	}
	out := r.rest[:n]
	r.rest = r.rest[n:]
	return out
}

func (r *reader) copy(dst []byte) { copy(dst, r.next(uint64(len(dst)))) }

func (r *reader) number(size uint64) (n uint64) {
	for _, b := range r.next(size) {
		n = n<<8 | uint64(b)
	}
	return n
}
