package block

import (
	"strings"
	"testing"
	"time"
)

func TestAPuzzleTriesTheHashOfItsHeader(t *testing.T) {
	h := Genesis(Params{ChainID: "c", Time: time.Unix(1_800_000_000, 0), Interval: time.Second}).Header
	h.PublicKey = PublicKey{1, 2, 3}
	met := 0
	for _, address := range []string{"a", strings.Repeat("long", 15)} {
		for _, target := range []Target{MaxTarget(), {0x7f}, {0xff}} {
			h.Address, h.Target = address, target
			p := NewPuzzle(h)
			for i := range uint64(64) {
				h.Nonce = 1 << i
				if got := p.Try(h.Nonce); got != target.Allows(h.Hash()) || p.sum != h.Hash() {
					t.Fatalf("nonce %d: %t with hash %s, want that of %s", h.Nonce, got, p.sum, h.Hash())
				} else if got {
					met++
				}
			}
			if solved := p.Solved(7); solved.Nonce != 7 || solved.Address != address {
				t.Fatalf("solved is %+v", solved)
			}
		}
	}
	if met < 64 || met > 320 {
		t.Fatalf("%d of 384 nonces met their target, want some three quarters of two thirds", met)
	}
}

func TestATryAllocatesNothing(t *testing.T) {
	p, nonce := NewPuzzle(Genesis(Params{ChainID: "c", Time: time.Unix(1_800_000_000, 0), Interval: time.Second}).Header), uint64(0)
	if n := testing.AllocsPerRun(1000, func() { p.Try(nonce); nonce++ }); n > 0 {
		t.Fatalf("a try allocates %g times", n)
	}
}
