package chain_test

import (
	"encoding/json"
	"math/big"
	"testing"

	"onex.io/onex/toyblc/block"
	"onex.io/onex/toyblc/chain"
)

func TestWorkAddsExpectedHashes(t *testing.T) {
	easiest := block.MaxTarget()
	w := chain.Work{}.Plus(easiest).Plus(easiest)
	if w.Big().Cmp(big.NewInt(8192)) != 0 {
		t.Fatalf("work is %s, want 8192", w.Big())
	}
	if !w.Exceeds(chain.Work{}) || w.Exceeds(w) {
		t.Fatal("more is not more, or the same is")
	}
	var most chain.Work
	for i := range most {
		most[i] = 0xff
	}
	if most.Plus(easiest) != most {
		t.Fatal("the greatest work runs over")
	}
}

func TestWorkOnTheWire(t *testing.T) {
	want := chain.Work{}.Plus(block.MaxTarget())
	raw, err := json.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	var got chain.Work
	if err := json.Unmarshal(raw, &got); err != nil || got != want {
		t.Fatalf("got %s (%v), want %s", got, err, want)
	}
	for _, bad := range []string{`""`, `"00"`, `"` + string(make([]byte, 64)) + `"`, `7`} {
		if err := json.Unmarshal([]byte(bad), &got); err == nil {
			t.Errorf("%s is accepted", bad)
		}
	}
}
