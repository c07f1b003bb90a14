package store_test

import (
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"onex.io/onex/toyblc/chain"
	"onex.io/onex/toyblc/store"
	"onex.io/onex/toyblc/store/storetest"
)

// sound is a chain, and its file as two changes left it.
func sound(t testing.TB) (blocks []chain.Stored, raw []byte) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "chain.db")
	blocks = append([]chain.Stored{storetest.Genesis()}, storetest.Chain(storetest.Genesis(), 300, "night shift")...)
	b, err := store.OpenBolt(path)
	if err != nil {
		t.Fatal(err)
	}
	err = errors.Join(b.Apply(storetest.Extend(blocks[:200]...)), b.Apply(storetest.Extend(blocks[200:]...)), b.Close())
	if err != nil {
		t.Fatal(err)
	}
	if raw, err = os.ReadFile(path); err != nil {
		t.Fatal(err)
	}
	return blocks, raw
}

// wantFoundOrHarmless wants a damaged file to be corrupt, or to hold the chain as a
// change left it: of the two pages that say which is the newest, one is enough.
func wantFoundOrHarmless(t *testing.T, blocks []chain.Stored, damaged []byte) (found bool) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "chain.db")
	if err := os.WriteFile(path, damaged, 0o600); err != nil {
		t.Fatal(err)
	}
	b, err := store.OpenBolt(path)
	if err != nil {
		return wantCorrupt(t, err)
	}
	defer b.Close()
	var got []chain.Stored
	err = store.Load(b, 1<<40, func(piece chain.Loaded) error {
		got = append(got, piece.Blocks...)
		return nil
	})
	if err != nil {
		return wantCorrupt(t, err)
	}
	if n := len(got); n != 0 && n != 200 && n != len(blocks) || !slices.Equal(got, blocks[:n]) {
		t.Fatalf("the file has %d blocks, or others than were written", n)
	}
	if len(got) == 0 {
		return false
	}
	if err := b.Apply(storetest.Extend(storetest.Chain(got[len(got)-1], 1, "a")...)); err != nil {
		return wantCorrupt(t, err)
	}
	return false
}

func wantCorrupt(t *testing.T, err error) bool {
	t.Helper()
	if !errors.Is(err, store.ErrCorrupt) {
		t.Fatalf("got %v, want ErrCorrupt", err)
	}
	return true
}

func TestDamageAnywhereIsFoundOrHarmless(t *testing.T) {
	blocks, raw := sound(t)
	seed, found := rand.Uint64(), 0
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	for range 150 {
		bad := slices.Clone(raw)
		for range 1 + random.IntN(3) {
			bad[random.IntN(len(bad))] = byte(random.Uint32())
		}
		if wantFoundOrHarmless(t, blocks, bad) {
			found++
		}
	}
	if found == 0 { // half of the file is in use
		t.Fatal("nothing was found")
	}
}

// FuzzFile lets a bad disk write two bytes, and cut the file.
func FuzzFile(f *testing.F) {
	blocks, raw := sound(f)
	f.Add(uint32(0), byte(0), uint32(0), byte(0), uint32(len(raw)))
	f.Add(uint32(4096+20), byte(9), uint32(10), byte(7), uint32(len(raw)))
	f.Add(uint32(3*4096+10), byte(255), uint32(5*4096+8), byte(16), uint32(len(raw)))
	f.Add(uint32(0), byte(0), uint32(0), byte(0), uint32(8192))
	f.Fuzz(func(t *testing.T, at uint32, to byte, alsoAt uint32, also byte, size uint32) {
		bad := slices.Clone(raw[:min(int(size), len(raw))])
		for i, b := range map[uint32]byte{at: to, alsoAt: also} {
			if int(i) < len(bad) {
				bad[i] = b
			}
		}
		wantFoundOrHarmless(t, blocks, bad)
	})
}
