package block

import (
	"crypto/sha256"
	"encoding/binary"
)

// The canonical encoding of a header has a fixed size and the nonce in its last
// eight bytes:
//
//	version 4 | sha256(chainID) 32 | index 8 | previousHash 32 | dataRoot 32 |
//	timestamp 8 | target 32 | sha256(address) 32 | publicKey 32 | nonce 8
//
// Numbers are big-endian. The two strings enter as their digests, so that no
// two headers share an encoding and nothing before the nonce moves while a
// miner searches: three of the four 64-byte chunks that sha256 works on are the
// same for every nonce.
const (
	encodedSize = 220
	nonceOffset = encodedSize - 8
)

func (h Header) encode() [encodedSize]byte {
	var out [encodedSize]byte
	chain, address := sha256.Sum256([]byte(h.ChainID)), sha256.Sum256([]byte(h.Address))
	b := binary.BigEndian.AppendUint32(out[:0], h.Version)
	b = append(b, chain[:]...)
	b = binary.BigEndian.AppendUint64(b, uint64(h.Index))
	b = append(b, h.PreviousHash[:]...)
	b = append(b, h.DataRoot[:]...)
	b = binary.BigEndian.AppendUint64(b, uint64(h.Timestamp))
	b = append(b, h.Target[:]...)
	b = append(b, address[:]...)
	b = append(b, h.PublicKey[:]...)
	binary.BigEndian.AppendUint64(b, h.Nonce)
	return out
}

// Hash is the sha256 of the canonical encoding: the name of the block and the
// number that must not exceed the target.
func (h Header) Hash() Hash {
	e := h.encode()
	return sha256.Sum256(e[:])
}
