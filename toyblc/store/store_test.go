package store_test

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	bolt "go.etcd.io/bbolt"

	"onex.io/onex/toyblc/chain"
	"onex.io/onex/toyblc/store"
	"onex.io/onex/toyblc/store/storetest"
)

func TestMemoryConforms(t *testing.T) {
	storetest.Run(t, func(*testing.T) storetest.Full { return store.NewMemory() })
}

func TestBoltConforms(t *testing.T) {
	storetest.Run(t, func(t *testing.T) storetest.Full { return open(t, filepath.Join(t.TempDir(), "chain.db")) })
}

func open(t *testing.T, path string) *store.Bolt {
	t.Helper()
	b, err := store.OpenBolt(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	})
	return b
}

func TestBoltKeepsTheMainChainAndDropsSideBlocksWhenOpenedAgain(t *testing.T) {
	path := filepath.Join(t.TempDir(), "chain.db")
	a, b := storetest.Chain(storetest.Genesis(), 3, "a"), storetest.Chain(storetest.Genesis(), 2, "b")
	first := open(t, path)
	for _, c := range []chain.Store{storetest.Extend(storetest.Genesis()), storetest.Extend(a...), {Add: b}} {
		if err := first.Apply(c); err != nil {
			t.Fatal(err)
		}
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	again := open(t, path)
	storetest.WantMain(t, again, append([]chain.Stored{storetest.Genesis()}, a...))
	onlyFollow := storetest.Extend(b...)
	onlyFollow.Add = nil
	if err := again.Apply(onlyFollow); err == nil {
		t.Fatal("a side block outlived its process")
	}
}

// TestWriter is the process that the next test kills; alone it does nothing.
func TestWriter(t *testing.T) {
	path := os.Getenv("STORE_TEST_WRITE")
	if path == "" {
		t.Skip("runs as the child of TestBoltSurvivesKill")
	}
	b := open(t, path)
	parent := storetest.Genesis()
	if err := b.Apply(storetest.Extend(parent)); err != nil {
		t.Fatal(err)
	}
	for {
		next := storetest.Chain(parent, 3, "a")
		if err := b.Apply(storetest.Extend(next...)); err != nil {
			t.Fatal(err)
		}
		parent = next[2]
		os.Stdout.WriteString(".")
	}
}

func TestBoltSurvivesKill(t *testing.T) {
	path := filepath.Join(t.TempDir(), "chain.db")
	child := exec.Command(os.Args[0], "-test.run=^TestWriter$")
	child.Env = append(os.Environ(), "STORE_TEST_WRITE="+path)
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	acknowledged := make([]byte, 20)
	if _, err := out.Read(acknowledged[:1]); err != nil {
		t.Fatal(err)
	}
	for n := 1; n < len(acknowledged); n++ {
		if _, err := out.Read(acknowledged[n : n+1]); err != nil {
			t.Fatal(err)
		}
	}
	if err := child.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = child.Wait() // it was killed, and says so
	b := open(t, path)
	height, err := b.Height()
	if err != nil || height < 60 || height%3 != 0 {
		t.Fatalf("height is %d (%v), want a multiple of 3 from 60", height, err)
	}
	want := append([]chain.Stored{storetest.Genesis()}, storetest.Chain(storetest.Genesis(), int(height), "a")...)
	storetest.WantMain(t, b, want)
}

func TestBoltDetectsDamage(t *testing.T) {
	for _, r := range []struct {
		name   string
		damage func([]byte) []byte
	}{
		{"a file that is no database", func([]byte) []byte { return bytes.Repeat([]byte("no database "), 4000) }},
		{"a file cut short", func(raw []byte) []byte { return raw[:len(raw)/3] }},
		{"both meta pages overwritten", func(raw []byte) []byte {
			copy(raw, make([]byte, 8192))
			return raw
		}},
		{"a bit flipped in a record", func(raw []byte) []byte {
			raw[bytes.LastIndex(raw, []byte("night shift"))] ^= 1
			return raw
		}},
		{"noise over every page but the meta pages", func(raw []byte) []byte {
			for i := 8192; i < len(raw); i++ {
				raw[i] ^= byte(i*7) | 1
			}
			return raw
		}},
	} {
		t.Run(r.name, func(t *testing.T) {
			path := damaged(t, r.damage)
			if err := readAll(path); !errors.Is(err, store.ErrCorrupt) {
				t.Fatalf("read: %v, want ErrCorrupt", err)
			}
			aside, err := store.SetAside(path)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := os.Stat(aside); err != nil {
				t.Fatal(err)
			}
			storetest.WantMain(t, open(t, path), nil)
		})
	}
}

// damaged writes a chain of a few hundred blocks and damages its file.
func damaged(t *testing.T, damage func([]byte) []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "chain.db")
	b, err := store.OpenBolt(path)
	if err != nil {
		t.Fatal(err)
	}
	blocks := append([]chain.Stored{storetest.Genesis()}, storetest.Chain(storetest.Genesis(), 300, "night shift")...)
	if err := errors.Join(b.Apply(storetest.Extend(blocks...)), b.Close()); err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, damage(raw), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func readAll(path string) error {
	b, err := store.OpenBolt(path)
	if err != nil {
		return err
	}
	err = store.Load(b, 1<<40, func(chain.Loaded) error { return nil })
	return errors.Join(err, b.Close())
}

func TestBoltInUseIsNotCorrupt(t *testing.T) {
	path := filepath.Join(t.TempDir(), "chain.db")
	open(t, path)
	start := time.Now()
	_, err := store.OpenBolt(path)
	if err == nil || errors.Is(err, store.ErrCorrupt) {
		t.Fatalf("second open: %v after %s, want a refusal that is not ErrCorrupt", err, time.Since(start))
	}
}

// A file from before there was a tally gets one when it is opened.
func TestBoltCountsTheSignersOfAnOlderFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "chain.db")
	first := open(t, path)
	blocks := append([]chain.Stored{storetest.Genesis()}, storetest.Chain(storetest.Genesis(), 5, "a")...)
	if err := errors.Join(first.Apply(storetest.Extend(blocks...)), first.Close()); err != nil {
		t.Fatal(err)
	}
	db, err := bolt.Open(path, 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	forget := func(tx *bolt.Tx) error { return tx.DeleteBucket([]byte("signers")) }
	if err := errors.Join(db.Update(forget), db.Close()); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		again := open(t, path)
		if got, err := store.Won(again, blocks[1].Block.PublicKey); err != nil || got != 5 {
			t.Fatalf("the signer has %d blocks (%v), want 5", got, err)
		}
		if err := again.Close(); err != nil {
			t.Fatal(err)
		}
	}
}
