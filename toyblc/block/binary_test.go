package block_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"onex.io/onex/toyblc/block"
)

func TestTheBinaryEncodingKeepsEveryField(t *testing.T) {
	p := params()
	first := mined(p, easy(p), block.JoinItems([]string{"\"<tea> \u00fc \u2028", "milk"}))
	second := first
	second.Address, second.Data, second.DataRoot = "other", "", block.DataRoot("")
	second.Hash = second.Header.Hash()
	raw := second.AppendBlock(first.AppendBlock(nil))
	r := block.NewReader(raw)
	for _, want := range []block.Block{first, second} {
		if got := r.Block(); got != want {
			t.Fatalf("got %+v, want %+v", got, want)
		}
	}
	if err := r.End(); err != nil {
		t.Fatal(err)
	}
	head := first
	head.Data = ""
	if got := block.NewReader(first.AppendHeader(nil)).Header(); got != head {
		t.Fatalf("got %+v, want the block without its data", got)
	}
}

func TestWhatIsNoBlockInTheBinaryEncodingIsRefused(t *testing.T) {
	p := params()
	b := mined(p, easy(p), "tea")
	raw := b.AppendBlock(nil)
	long := b
	long.Data = strings.Repeat("x", block.MaxData+1)
	name := b
	name.Address = strings.Repeat("x", block.MaxAddress+1)
	for _, r := range []struct {
		name string
		raw  []byte
	}{
		{"nothing", nil},
		{"a byte too few", raw[:len(raw)-1]},
		{"a byte too many", append(slices.Clone(raw), 0)},
		{"a header alone", b.AppendHeader(nil)},
		{"more data than a block may have", long.AppendBlock(nil)},
		{"a longer address than a block may have", name.AppendBlock(nil)},
	} {
		t.Run(r.name, func(t *testing.T) {
			read := block.NewReader(r.raw)
			got := read.Block()
			if err := read.End(); !errors.Is(err, block.ErrEncoding) {
				t.Fatalf("got %+v (%v), want ErrEncoding", got, err)
			}
		})
	}
}

func TestItemsAreWhatWasJoined(t *testing.T) {
	for _, items := range [][]string{nil, {"tea"}, {"tea", "milk", "sugar"}} {
		if got := block.Items(block.JoinItems(items)); !slices.Equal(got, items) {
			t.Fatalf("got %q, want %q", got, items)
		}
	}
}

func TestSignaturesAreCheckedUpToTheFirstThatIsWrong(t *testing.T) {
	p := params()
	good := mined(p, easy(p), "tea")
	for _, n := range []int{0, 1, 15, 16, 17, 200} {
		blocks := slices.Repeat([]block.Block{good}, n)
		if got, err := block.CheckSignatures(blocks); got != n || err != nil {
			t.Fatalf("%d of %d are good (%v), want all", got, n, err)
		}
		for _, bad := range []int{0, n / 3, n - 1} {
			if n == 0 {
				continue
			}
			spoiled := slices.Clone(blocks)
			spoiled[bad].Signature[0] ^= 1
			spoiled[n-1].Signature[1] ^= 1
			got, err := block.CheckSignatures(spoiled)
			if got != bad || block.ReasonOf(err) != block.BadSignature {
				t.Fatalf("%d of %d are good (%v), want %d", got, n, err, bad)
			}
		}
	}
}

// FuzzBlock lets a stranger write a block: whatever is decoded is encoded the same.
func FuzzBlock(f *testing.F) {
	p := params()
	b := mined(p, easy(p), "tea")
	f.Add(b.AppendBlock(nil))
	f.Add(b.AppendHeader(nil))
	f.Add(block.Genesis(p).AppendBlock(nil))
	f.Fuzz(func(t *testing.T, raw []byte) {
		r := block.NewReader(raw)
		got := r.Block()
		if r.Err() != nil {
			if got != (block.Block{}) {
				t.Fatalf("an error, and %+v", got)
			}
			return
		}
		if again := got.AppendBlock(nil); string(again) != string(raw[:len(raw)-r.Len()]) {
			t.Fatalf("decoded to %+v, which encodes otherwise", got)
		}
		_ = block.Verify(p, easy(p), genesisTime, got)
	})
}
