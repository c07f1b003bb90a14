package chain_test

import (
	"testing"
	"time"

	"onex.io/onex/toyblc/chain"
)

func TestAFloodEndsTheConnectionButAnHourOfTalkDoesNot(t *testing.T) {
	b := newBench(t, nil)
	b.meet(1, chain.Head{})
	for range 3600 {
		b.now = b.now.Add(time.Second)
		b.hear(1, chain.Head{})
		none[chain.Drop](b)
	}
	for range 990 {
		b.hear(1, chain.Head{})
		none[chain.Drop](b)
	}
	for n := 0; len(b.out) == 0 && n < 20; n++ {
		b.hear(1, chain.Head{})
	}
	if got := one[chain.Drop](b); got.Reason != chain.Flood {
		t.Fatalf("dropped for %q, want Flood", got.Reason)
	}
}

// A node on fast cores that has but one peer to learn a long chain from is no flood: 200,000 blocks in a window.
func TestLearningALongChainFastIsNoFlood(t *testing.T) {
	b := newBench(t, nil)
	b.meet(1, chain.Head{})
	for range 400 {
		for _, question := range []chain.Message{chain.Want{}, chain.WantBodies{}} {
			b.hear(1, question)
			none[chain.Drop](b)
		}
	}
}
