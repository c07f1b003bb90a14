package chain_test

import (
	"crypto/ed25519"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"onex.io/onex/toyblc/block"
	"onex.io/onex/toyblc/chain"
)

func minerKey() ed25519.PrivateKey {
	return ed25519.NewKeyFromSeed([]byte(strings.Repeat("m", ed25519.SeedSize)))
}

func miner(alone bool) func(*chain.Config) {
	return func(c *chain.Config) {
		c.Alone = alone
		c.Miner = &chain.Miner{Address: "user-a"}
		copy(c.Miner.Key[:], minerKey().Public().(ed25519.PublicKey))
	}
}

// win solves what the machine wants solved, and hands the solution in.
func (b *bench) win() block.Block {
	b.t.Helper()
	var last *chain.Mine
	for _, o := range b.all {
		if m, ok := o.(chain.Mine); ok {
			last = &m
		}
	}
	if last == nil {
		b.t.Fatal("there is nothing to mine")
	}
	won := solve(*last, minerKey())
	b.now = b.now.Add(5 * time.Second)
	b.step(chain.Solved{Block: won})
	return won
}

func TestAMinerRestsUntilItMayTrustItsChain(t *testing.T) {
	b := newBench(t, miner(false))
	none[chain.Mine](b)
	b.meet(1, lots())
	none[chain.Mine](b)
	b.meet(2, chain.Head{})
	one[chain.Mine](b)
	b.step(chain.PeerDown{Peer: 2})
	one[chain.Rest](b)
	b.step(chain.Tick{})
	none[chain.Rest](b)
}

func TestASolutionIsStoredAnnouncedAndTold(t *testing.T) {
	b := newBench(t, miner(true))
	b.meet(1, chain.Head{})
	won := b.win()
	kinds := []string{}
	for _, o := range b.out {
		kinds = append(kinds, fmt.Sprintf("%T", o))
	}
	want := []string{"chain.Store", "chain.Send", "chain.Mined", "chain.Mine"}
	if !slices.Equal(kinds, want) {
		t.Fatalf("outputs are %v, want %v", kinds, want)
	}
	if next := one[chain.Mine](b); next.Header.PreviousHash != won.Hash || next.Header.Index != 2 {
		t.Fatalf("mines on %s at %d, want on %s", next.Header.PreviousHash, next.Header.Index, won.Hash)
	}
}

func TestASolutionThatIsOfNoUseChangesNothing(t *testing.T) {
	b := newBench(t, miner(true))
	won := b.win()
	height := b.m.Status().Height
	forged := won
	forged.PreviousHash, forged.Index = b.m.Status().Head, 2
	for name, late := range map[string]block.Block{"handed in twice": won, "without proof": forged} {
		b.step(chain.Solved{Block: late})
		none[chain.Store](b)
		none[chain.Mined](b)
		if got := b.m.Status().Height; got != height {
			t.Fatalf("%s: height is %d, want %d", name, got, height)
		}
	}
}

func TestTheTimeInTheTemplateKeepsUp(t *testing.T) {
	b := newBench(t, miner(true))
	b.now = b.now.Add(time.Second)
	b.step(chain.Tick{})
	if got := one[chain.Mine](b).Header.Timestamp; got != b.now.Unix() {
		t.Fatalf("time is %d, want %d", got, b.now.Unix())
	}
	b.step(chain.Tick{})
	none[chain.Mine](b)
	b.now = start.Add(-time.Hour) // a clock that is wrong
	b.step(chain.Tick{})
	if got := one[chain.Mine](b).Header.Timestamp; got != start.Unix()+1 {
		t.Fatalf("time is %d, want just after genesis", got)
	}
}

func TestAPostedTextIsMinedOnce(t *testing.T) {
	b := newBench(t, miner(true))
	b.meet(1, chain.Head{})
	b.step(chain.Post{Data: "tea"})
	if got := one[chain.Mine](b).Data; got != "tea" {
		t.Fatalf("mines %q, want the text at once", got)
	}
	if got, ok := one[chain.Send](b).Message.(chain.Data); !ok || got.Data != "tea" {
		t.Fatalf("sent %+v, want the text passed on", b.out)
	}
	b.step(chain.Post{Data: "tea"})
	one[chain.Taken](b)
	none[chain.Send](b)
	if won := b.win(); won.Data != "tea" {
		t.Fatalf("won %q, want the text", won.Data)
	}
	for name, again := range map[string]chain.Input{
		"posted again":           chain.Post{Data: "tea"},
		"heard again from peers": chain.Received{Peer: 1, Message: chain.Data{Data: "tea"}},
	} {
		b.step(again)
		none[chain.Mine](b)
		if got := b.m.Status().Waiting; got != 0 {
			t.Fatalf("%s: %d texts wait, want none", name, got)
		}
	}
	if won := b.win(); won.Data != "" {
		t.Fatalf("won %q, want an empty block", won.Data)
	}
}

func TestThePoolIsBounded(t *testing.T) {
	large := func(i int) string { return fmt.Sprintf("%05d", i) + strings.Repeat("x", block.MaxData-5) }
	small := func(i int) string { return fmt.Sprint(i) }
	for _, r := range []struct {
		name string
		text func(int) string
		fit  int
		then string
		want chain.Reason
	}{
		{"by number", small, 64, "one more", chain.Full},
		{"by size", large, 16, "one more", chain.Full},
		{"by the size of one text", small, 0, strings.Repeat("x", block.MaxData+1), chain.TooLarge},
		{"to text", small, 0, "\xff", chain.NotText},
	} {
		t.Run(r.name, func(t *testing.T) {
			b := newBench(t, nil)
			for i := range r.fit {
				b.step(chain.Post{Data: r.text(i)})
				one[chain.Taken](b)
			}
			b.step(chain.Post{Data: r.then})
			if got := one[chain.Refused](b).Reason; got != r.want {
				t.Fatalf("refused for %q, want %q", got, r.want)
			}
			b.step(chain.Post{})
			one[chain.Taken](b) // nothing to queue: every block may be empty
		})
	}
}

func TestAPeerThatJoinsIsToldWhatWaits(t *testing.T) {
	b := newBench(t, nil)
	b.step(chain.Post{Data: "tea"})
	b.meet(1, chain.Head{})
	if got, ok := one[chain.Send](b).Message.(chain.Data); !ok || got.Data != "tea" {
		t.Fatalf("sent %+v, want the text", b.out)
	}
}

func TestATextWhoseBlockIsReplacedWaitsAgain(t *testing.T) {
	with, without := grow(t, genesisOnly(), 1, 10, "tea"), grow(t, genesisOnly(), 2, 10, "milk")
	b := newBench(t, nil)
	b.step(chain.Post{Data: "tea"})
	b.meet(1, lots())
	b.give(1, with[1:], true)
	if got := b.m.Status().Waiting; got != 0 {
		t.Fatalf("%d texts wait, want none: it is mined", got)
	}
	b.give(1, without[1:], false)
	one[chain.Reorged](b)
	if got := b.m.Status().Waiting; got != 1 {
		t.Fatalf("%d texts wait, want the one that fell out", got)
	}
}

func TestATextThatIsInTheChainAlreadyIsNotMinedAgain(t *testing.T) {
	b := newBench(t, nil)
	b.meet(1, lots())
	b.give(1, grow(t, genesisOnly(), 1, 10, "tea")[1:], false)
	b.step(chain.Post{Data: "tea"})
	one[chain.Taken](b)
	b.hear(1, chain.Data{Data: "tea"})
	if got := b.m.Status().Waiting; got != 0 {
		t.Fatalf("%d texts wait, want none", got)
	}
}
