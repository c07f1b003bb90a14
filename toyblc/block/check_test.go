package block_test

import (
	"strings"
	"testing"
	"time"

	"onex.io/onex/toyblc/block"
)

// row is one change to a good block, and the rule that it breaks.
type row struct {
	name   string
	change func(*block.Block)
	want   block.Reason
}

func runRows(t *testing.T, rows []row, check func(block.Block) error) {
	t.Helper()
	p := params()
	good := mined(p, easy(p), "tea")
	for _, r := range rows {
		t.Run(r.name, func(t *testing.T) {
			b := good
			r.change(&b)
			wantReason(t, check(b), r.want)
		})
	}
}

func unchanged(*block.Block) {}

func TestVersionMustBeTheOneKnown(t *testing.T) {
	runRows(t, []row{
		{"the known version passes", unchanged, ""},
		{"an older version is refused", func(b *block.Block) { b.Version = 0 }, block.WrongVersion},
		{"a newer version is refused", func(b *block.Block) { b.Version = 2 }, block.WrongVersion},
	}, func(b block.Block) error { return block.CheckVersion(b.Header) })
}

func TestChainMustBeThisOne(t *testing.T) {
	runRows(t, []row{
		{"the own chain passes", unchanged, ""},
		{"another chain is refused", func(b *block.Block) { b.ChainID = "other" }, block.WrongChain},
		{"no chain is refused", func(b *block.Block) { b.ChainID = "" }, block.WrongChain},
	}, func(b block.Block) error { return block.CheckChain(params(), b.Header) })
}

func TestBlockMustFollowItsParent(t *testing.T) {
	runRows(t, []row{
		{"the next index with the parent's hash passes", unchanged, ""},
		{"the parent's own index is refused", func(b *block.Block) { b.Index = 0 }, block.WrongIndex},
		{"a skipped index is refused", func(b *block.Block) { b.Index = 2 }, block.WrongIndex},
		{"a negative index is refused", func(b *block.Block) { b.Index = -1 }, block.WrongIndex},
		{"another parent is refused", func(b *block.Block) { b.PreviousHash[31] ^= 1 }, block.WrongLink},
	}, func(b block.Block) error { return block.CheckLink(easy(params()).Parent(), b.Header) })
}

func TestTargetMustBeTheRequiredOne(t *testing.T) {
	runRows(t, []row{
		{"the required target passes", unchanged, ""},
		{"an easier target is refused", func(b *block.Block) { b.Target[0] = 1 }, block.WrongTarget},
		{"a harder target is refused", func(b *block.Block) { b.Target[31]-- }, block.WrongTarget},
	}, func(b block.Block) error { return block.CheckTarget(block.MaxTarget(), b.Header) })
}

func TestProofMustCoverTheWholeHeader(t *testing.T) {
	runRows(t, []row{
		{"a found nonce passes", unchanged, ""},
		{"a hash made up is refused", func(b *block.Block) { b.Hash = block.Hash{} }, block.WrongHash},
		{"an address taken over is refused", func(b *block.Block) { b.Address = "thief" }, block.WrongHash},
		{"another key is refused", func(b *block.Block) { b.PublicKey[0] ^= 1 }, block.WrongHash},
		{"another time is refused", func(b *block.Block) { b.Timestamp++ }, block.WrongHash},
		{"a hash above the target is refused", func(b *block.Block) {
			b.Target = block.Target{31: 1}
			b.Hash = b.Header.Hash()
		}, block.WeakProof},
	}, block.CheckProof)
}

func TestSignatureMustBeByTheKeyInTheHeader(t *testing.T) {
	runRows(t, []row{
		{"the miner's signature passes", unchanged, ""},
		{"no signature is refused", func(b *block.Block) { b.Signature = block.Signature{} }, block.BadSignature},
		{"another miner's signature is refused", func(b *block.Block) {
			*b = block.Seal(b.Header, b.Data, testKey(2))
		}, block.BadSignature},
		{"a signature over another hash is refused", func(b *block.Block) { b.Hash[0] ^= 1 }, block.BadSignature},
	}, block.CheckSignature)
}

func TestAddressMustNameSomebody(t *testing.T) {
	runRows(t, []row{
		{"a namespace passes", unchanged, ""},
		{"the longest namespace passes", func(b *block.Block) { b.Address = strings.Repeat("a", 63) }, ""},
		{"nobody is refused", func(b *block.Block) { b.Address = "" }, block.BadAddress},
		{"a longer name is refused", func(b *block.Block) { b.Address = strings.Repeat("a", 64) }, block.BadAddress},
		{"bytes that are no text are refused", func(b *block.Block) { b.Address = "\xff" }, block.BadAddress},
	}, func(b block.Block) error { return block.CheckAddress(b.Header) })
}

func TestDataMustBeBoundedTextThatTheHeaderCovers(t *testing.T) {
	data := func(s string) func(*block.Block) {
		return func(b *block.Block) { b.Data, b.DataRoot = s, block.DataRoot(s) }
	}
	runRows(t, []row{
		{"covered text passes", unchanged, ""},
		{"empty data passes", data(""), ""},
		{"64 KiB pass", data(strings.Repeat("x", 64<<10)), ""},
		{"one byte more is refused", data(strings.Repeat("x", 64<<10+1)), block.BadData},
		{"bytes that are no text are refused", data("\xff\xfe"), block.BadData},
		{"data that the header does not cover is refused", func(b *block.Block) { b.Data = "coffee" }, block.WrongDataRoot},
	}, block.CheckData)
}

func TestTimeMustBeAfterTheMedianOfTheLastEleven(t *testing.T) {
	times := func(ts ...int64) block.Window {
		w := make(block.Window, len(ts))
		for i, ts := range ts {
			w[i] = block.Mark{Index: int64(i), Timestamp: ts}
		}
		return w
	}
	eleven := times(1, 2, 3, 4, 5, 60, 7, 8, 9, 10, 11)
	for _, r := range []struct {
		name string
		past block.Window
		at   int64
		want block.Reason
	}{
		{"after the median though before the parent passes", eleven, 8, ""},
		{"the median itself is refused", eleven, 7, block.TimeTooOld},
		{"before the median is refused", eleven, 3, block.TimeTooOld},
		{"block 1 after genesis passes", times(100), 101, ""},
		{"block 1 at genesis time is refused", times(100), 100, block.TimeTooOld},
		{"one forward liar does not hold the others up", times(1, 2, 1000), 3, ""},
	} {
		t.Run(r.name, func(t *testing.T) {
			wantReason(t, block.CheckAge(r.past, block.Header{Timestamp: r.at}), r.want)
		})
	}
}

func TestTimeMustNotBeFarAheadOfTheClock(t *testing.T) {
	now := time.Unix(1000, 0)
	for _, r := range []struct {
		name string
		at   int64
		want block.Reason
	}{
		{"the past passes", 1, ""},
		{"two minutes ahead pass", 1120, ""},
		{"a second more is refused", 1121, block.TimeTooNew},
	} {
		t.Run(r.name, func(t *testing.T) {
			wantReason(t, block.CheckClock(now, block.Header{Timestamp: r.at}), r.want)
		})
	}
}
