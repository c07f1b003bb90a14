// Package block holds what a toyblc chain is made of and the rules that every
// block must keep: pure types and pure checks, no clock, network or disk.
// Whoever judges a block (a node, the wallet's settlement, a test) judges it here.
package block

import (
	"crypto/ed25519"
	"crypto/sha256"
	"time"
)

const (
	// Version is the only header layout that this code makes and accepts.
	Version uint32 = 1
	// MaxData bounds the data of one block in bytes.
	MaxData = 64 << 10
	// MaxAddress bounds the address of a miner, which is a Kubernetes namespace.
	MaxAddress = 63
	// MaxChainID bounds a chain's name, which is a Kubernetes uid.
	MaxChainID = 64
)

// Header is what the proof and the signature cover. The data is covered
// through DataRoot, so a header can be judged without it.
type Header struct {
	Version      uint32    `json:"version"`
	ChainID      string    `json:"chainID"`
	Index        int64     `json:"index"`
	PreviousHash Hash      `json:"previousHash"`
	DataRoot     Hash      `json:"dataRoot"`
	Timestamp    int64     `json:"timestamp"` // unix seconds
	Target       Target    `json:"target"`
	Nonce        uint64    `json:"nonce"`
	Address      string    `json:"address"` // the owner's namespace
	PublicKey    PublicKey `json:"publicKey"`
}

// Block is a header with its data, its hash and the miner's signature over
// the hash. It is comparable: two blocks are the same when == says so.
type Block struct {
	Header
	Data      string    `json:"data"`
	Hash      Hash      `json:"hash"`
	Signature Signature `json:"signature"`
}

// Seal completes a header whose nonce has been found: it computes the hash and
// signs it. It checks nothing; Verify does.
func Seal(h Header, data string, key ed25519.PrivateKey) Block {
	b := Block{Header: h, Data: data, Hash: h.Hash()}
	copy(b.Signature[:], ed25519.Sign(key, b.Hash[:]))
	return b
}

// DataRoot is what a header says about its block's data.
func DataRoot(data string) Hash {
	return sha256.Sum256([]byte(data))
}

// Time is the moment that the miner wrote into the block.
func (h Header) Time() time.Time { return time.Unix(h.Timestamp, 0).UTC() }

// Mark is what the rules about later blocks ask of this one.
func (b Block) Mark() Mark {
	return Mark{Hash: b.Hash, Index: b.Index, Timestamp: b.Timestamp, Target: b.Target}
}
