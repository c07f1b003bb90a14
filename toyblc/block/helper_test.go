package block_test

import (
	"bytes"
	"crypto/ed25519"
	"testing"
	"time"

	"onex.io/onex/toyblc/block"
)

var genesisTime = time.Unix(1_800_000_000, 0)

func params() block.Params {
	return block.Params{ChainID: "6f0c2b1e-chain", Time: genesisTime, Interval: 2 * time.Second}
}

func testKey(seed byte) ed25519.PrivateKey {
	return ed25519.NewKeyFromSeed(bytes.Repeat([]byte{seed}, ed25519.SeedSize))
}

// draft is a header that follows past and breaks no rule but the proof.
func draft(p block.Params, past block.Window, at int64, data string) block.Header {
	parent := past.Parent()
	h := block.Header{
		Version: block.Version, ChainID: p.ChainID, Index: parent.Index + 1,
		PreviousHash: parent.Hash, DataRoot: block.DataRoot(data), Timestamp: at,
		Target: block.NextTarget(p, past), Address: "user-7k2mq9xw4p",
	}
	copy(h.PublicKey[:], testKey(1).Public().(ed25519.PublicKey))
	return h
}

func solve(h block.Header) block.Header {
	z := block.NewPuzzle(h)
	for nonce := uint64(0); ; nonce++ {
		if z.Try(nonce) {
			return z.Solved(nonce)
		}
	}
}

// easy makes the window's targets as easy as the rules allow, so that tests
// need a few thousand hashes per block.
func easy(p block.Params) block.Window {
	m := block.Genesis(p).Mark()
	m.Target = block.MaxTarget()
	return block.Window{m}
}

func mined(p block.Params, past block.Window, data string) block.Block {
	at := past.Parent().Timestamp + int64(p.Interval/time.Second)
	return block.Seal(solve(draft(p, past, at, data)), data, testKey(1))
}

func wantReason(t *testing.T, err error, want block.Reason) {
	t.Helper()
	if got := block.ReasonOf(err); got != want {
		t.Fatalf("reason is %q (%v), want %q", got, err, want)
	}
}
