package storetest

import (
	"slices"
	"testing"

	"onex.io/onex/toyblc/block"
	"onex.io/onex/toyblc/chain"
	"onex.io/onex/toyblc/store"
)

// signed makes n linked blocks of one signer after parent.
func signed(parent chain.Stored, n int, by byte) []chain.Stored {
	out := make([]chain.Stored, 0, n)
	for range n {
		next := Chain(parent, 1, string('a'+rune(by)))[0]
		next.Block.PublicKey = block.PublicKey{by}
		next.Block.Hash = next.Block.Header.Hash()
		out, parent = append(out, next), next
	}
	return out
}

func tally(t *testing.T, s Full) {
	a := signed(Genesis(), 3, 1)
	a = append(a, signed(a[2], 2, 2)...)
	b := signed(a[0], 5, 3)
	back := Extend(append(slices.Clone(a[1:]), signed(a[4], 2, 1)...)...)
	back.Add = back.Add[4:]
	for _, step := range []struct {
		name   string
		change chain.Store
		want   [4]int64 // by signer
	}{
		{"genesis counts for nobody", Extend(Genesis()), [4]int64{}},
		{"two signers", Extend(a...), [4]int64{0, 3, 2, 0}},
		{"the same told again", chain.Store{Add: a}, [4]int64{0, 3, 2, 0}},
		{"a side branch", chain.Store{Add: b[:4]}, [4]int64{0, 3, 2, 0}},
		{"the side branch wins", Extend(b...), [4]int64{0, 1, 0, 5}},
		{"and loses", back, [4]int64{0, 5, 2, 0}},
	} {
		apply(t, s, step.change)
		for by, want := range step.want {
			if got, err := store.Won(s, block.PublicKey{byte(by)}); err != nil || got != want {
				t.Fatalf("%s: signer %d has %d blocks (%v), want %d", step.name, by, got, err, want)
			}
		}
	}
}

func signers(t *testing.T, s Full) {
	blocks := []chain.Stored{Genesis()}
	for _, by := range []byte{9, 4, 7, 4} {
		blocks = append(blocks, signed(blocks[len(blocks)-1], 1, by)...)
	}
	apply(t, s, Extend(blocks...))
	for _, r := range []struct {
		name  string
		from  byte
		limit int
		want  []store.Signer
	}{
		{"all", 0, 10, []store.Signer{{Key: block.PublicKey{4}, Blocks: 2}, {Key: block.PublicKey{7}, Blocks: 1}, {Key: block.PublicKey{9}, Blocks: 1}}},
		{"the first", 0, 1, []store.Signer{{Key: block.PublicKey{4}, Blocks: 2}}},
		{"from a key on", 7, 1, []store.Signer{{Key: block.PublicKey{7}, Blocks: 1}}},
		{"from a key that has none", 8, 5, []store.Signer{{Key: block.PublicKey{9}, Blocks: 1}}},
		{"after the last", 10, 5, nil},
		{"none at all", 0, 0, nil},
	} {
		got, err := s.Signers(block.PublicKey{r.from}, r.limit)
		if err != nil || !slices.Equal(got, r.want) {
			t.Fatalf("%s: got %v (%v), want %v", r.name, got, err, r.want)
		}
	}
}
