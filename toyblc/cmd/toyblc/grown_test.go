package main

import (
	"crypto/ed25519"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"onex.io/onex/toyblc/block"
	"onex.io/onex/toyblc/chain"
	"onex.io/onex/toyblc/store"
)

// grown is a chain that is longer than a test could wait for nodes to mine it: its
// blocks are far apart, so that each takes next to no hashing. It keeps every rule.
type grown struct {
	t     testing.TB
	owner string
	key   ed25519.PrivateKey
	past  block.Window
	head  chain.Stored
	hash  []block.Hash // of each block, by height
}

// grow begins a chain of the tests' genesis.
func grow(t testing.TB, owner string) *grown {
	g := block.Genesis(params(time.Second))
	return &grown{
		t: t, owner: owner, key: ed25519.NewKeyFromSeed([]byte((owner + strings.Repeat(".", ed25519.SeedSize))[:ed25519.SeedSize])),
		past: block.Window{g.Mark()}, head: chain.Stored{Block: g, Work: chain.Work{}.Plus(g.Target)}, hash: []block.Hash{g.Hash},
	}
}

// branch is the chain as it is, for another to go on with.
func (g *grown) branch(owner string) *grown {
	b := grow(g.t, owner)
	b.past, b.head, b.hash = g.past, g.head, append([]block.Hash(nil), g.hash...)
	return b
}

// next mines a block.
func (g *grown) next() chain.Stored {
	parent, data := g.past.Parent(), g.owner
	h := block.Header{
		Version: block.Version, ChainID: g.head.Block.ChainID, Index: parent.Index + 1, PreviousHash: parent.Hash,
		DataRoot: block.DataRoot(data), Timestamp: parent.Timestamp + 10, Target: block.NextTarget(params(time.Second), g.past),
		Address: g.owner,
	}
	copy(h.PublicKey[:], g.key.Public().(ed25519.PublicKey))
	puzzle, nonce := block.NewPuzzle(h), uint64(0)
	for !puzzle.Try(nonce) {
		nonce++
	}
	b := block.Seal(puzzle.Solved(nonce), data, g.key)
	g.past, g.hash = g.past.Next(b.Mark()), append(g.hash, b.Hash)
	g.head = chain.Stored{Block: b, Work: g.head.Work.Plus(b.Target)}
	return g.head
}

// into mines n blocks on top of what a data directory holds, which is the same chain.
func (g *grown) into(dir string, n int) {
	g.t.Helper()
	db, err := store.OpenBolt(filepath.Join(dir, "chain.db"))
	if err != nil {
		g.t.Fatal(err)
	}
	if height, err := db.Height(); err == nil && height < 0 {
		genesis := block.Genesis(params(time.Second))
		err = db.Apply(chain.Store{Add: []chain.Stored{{Block: genesis, Work: chain.Work{}.Plus(genesis.Target)}}, Main: []block.Hash{genesis.Hash}})
		if err != nil {
			g.t.Fatal(err)
		}
	}
	for part := 500; n > 0; n -= part {
		part = min(part, n)
		c := chain.Store{From: g.head.Block.Index + 1}
		for range part {
			c.Add, c.Main = append(c.Add, g.next()), append(c.Main, g.head.Block.Hash)
		}
		if err := db.Apply(c); err != nil {
			g.t.Fatal(err)
		}
	}
	if err := db.Close(); err != nil {
		g.t.Fatal(err)
	}
}

// copied is a new data directory with the chain of another that no node uses.
func copied(t *testing.T, dir string) string {
	t.Helper()
	to := t.TempDir()
	raw, err := os.ReadFile(filepath.Join(dir, "chain.db"))
	if err := errors.Join(err, os.WriteFile(filepath.Join(to, "chain.db"), raw, 0o600)); err != nil {
		t.Fatal(err)
	}
	return to
}
