package block_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"onex.io/onex/toyblc/block"
)

// chainOf mines n blocks after genesis at the real targets of an easy chain.
func chainOf(t *testing.T, n int) (block.Params, []block.Block) {
	t.Helper()
	p := params()
	p.Interval = time.Second
	blocks := []block.Block{block.Genesis(p)}
	past := block.Window{blocks[0].Mark()}
	for range n {
		at := past.Parent().Timestamp + 5 // late, so that it gets easy quickly
		b := block.Seal(solve(draft(p, past, at, "")), "", testKey(1))
		blocks, past = append(blocks, b), past.Next(b.Mark())
	}
	return p, blocks
}

func TestVerifierFollowsAChain(t *testing.T) {
	p, blocks := chainOf(t, 14)
	now := time.Unix(blocks[14].Timestamp, 0)
	bad := append([]block.Block(nil), blocks...)
	bad[9].Signature[0] ^= 1
	for _, r := range []struct {
		name  string
		start func() (*block.Verifier, error)
		add   []block.Block
		now   time.Time
		took  int
		want  block.Reason
	}{
		{"from genesis all pass", func() (*block.Verifier, error) { return block.NewVerifier(p) }, blocks[1:], now, 14, ""},
		{"from a window of eleven the rest passes", resume(p, blocks[2:13]), blocks[13:], now, 2, ""},
		{"from a short window at genesis the rest passes", resume(p, blocks[:3]), blocks[3:], now, 12, ""},
		{"nothing to add is no error", resume(p, blocks), nil, now, 0, ""},
		{"it stops at the first bad block", resume(p, blocks[:3]), bad[3:], now, 6, block.BadSignature},
		{"a gap is refused", resume(p, blocks[:3]), blocks[4:], now, 0, block.WrongIndex},
		{"genesis again is refused", resume(p, blocks[:1]), blocks, now, 0, block.WrongIndex},
		{"a block added twice is refused", resume(p, blocks[:4]), blocks[3:], now, 0, block.WrongIndex},
		{"blocks from the future are refused", resume(p, blocks[:1]), blocks[1:], genesisTime.Add(-time.Hour), 0, block.TimeTooNew},
	} {
		t.Run(r.name, func(t *testing.T) {
			v, err := r.start()
			if err != nil {
				t.Fatal(err)
			}
			head := v.Head().Index
			took, err := v.Add(r.now, r.add...)
			wantReason(t, err, r.want)
			if took != r.took || v.Head().Index != head+int64(took) {
				t.Fatalf("took %d blocks and stands on %d, want %d from %d", took, v.Head().Index, r.took, head)
			}
		})
	}
}

func resume(p block.Params, tail []block.Block) func() (*block.Verifier, error) {
	return func() (*block.Verifier, error) { return block.ResumeVerifier(p, tail...) }
}

func TestVerifierRefusesToStandOnSand(t *testing.T) {
	p, blocks := chainOf(t, 12)
	other := p
	other.Interval = time.Hour
	for _, r := range []struct {
		name string
		p    block.Params
		tail []block.Block
		want block.Reason
	}{
		{"no blocks at all", p, nil, block.BadWindow},
		{"fewer than eleven that do not reach genesis", p, blocks[3:12], block.BadWindow},
		{"blocks with a hole", p, append(append([]block.Block(nil), blocks[:5]...), blocks[6:]...), block.WrongIndex},
		{"the genesis of a chain with another interval", other, blocks, block.WrongGenesis},
		{"a chain without a name", block.Params{Time: genesisTime, Interval: time.Second}, blocks, block.BadParams},
		{"an interval under a second", block.Params{ChainID: "c", Time: genesisTime, Interval: time.Millisecond}, blocks, block.BadParams},
		{"a genesis time that is not set", block.Params{ChainID: "c", Interval: time.Second}, blocks, block.BadParams},
	} {
		t.Run(r.name, func(t *testing.T) {
			_, err := block.ResumeVerifier(r.p, r.tail...)
			wantReason(t, err, r.want)
		})
	}
}

func TestRecheckTrustsSignatureAndClockOnly(t *testing.T) {
	p := params()
	past := easy(p)
	b := mined(p, past, "tea")
	b.Signature[0] ^= 1
	if err := block.Recheck(p, past, b); err != nil {
		t.Fatalf("recheck a block with another signature: %v", err)
	}
	b.Data = "coffee"
	wantReason(t, block.Recheck(p, past, b), block.WrongDataRoot)
}

func TestGenesisIsAFunctionOfTheParameters(t *testing.T) {
	p := params()
	first := block.Genesis(p)
	if first != block.Genesis(p) {
		t.Fatal("two genesis blocks of one chain differ")
	}
	if err := block.CheckGenesis(p, first); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*block.Params){
		"another chain":    func(p *block.Params) { p.ChainID = "other" },
		"another time":     func(p *block.Params) { p.Time = p.Time.Add(time.Second) },
		"another interval": func(p *block.Params) { p.Interval = 5 * time.Second },
	} {
		q := params()
		change(&q)
		if block.Genesis(q).Hash == first.Hash {
			t.Errorf("%s has the same genesis", name)
		}
	}
}

// The literal pins the encoding: every stored chain depends on it.
func TestGenesisHashIsPinned(t *testing.T) {
	const want = "23e081eba8cc32f127a41f7170df1bdc999e2e28c99f52bcbc75b3500c0f5ff9"
	if got := block.Genesis(params()).Hash.String(); got != want {
		t.Fatalf("genesis hash is %s, want %s", got, want)
	}
}

func TestJSONKeepsEveryField(t *testing.T) {
	p := params()
	want := mined(p, easy(p), "\"<tea> \u00fc \u2028")
	text, err := json.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range strings.Fields("version chainID index previousHash dataRoot timestamp target nonce address publicKey data hash signature") {
		if !strings.Contains(string(text), `"`+name+`":`) {
			t.Errorf("field %s is missing in %s", name, text)
		}
	}
	var got block.Block
	if err := json.Unmarshal(text, &got); err != nil {
		t.Fatal(err)
	}
	if got != want {
		t.Fatalf("got %+v, want %+v", got, want)
	}
}

func TestHexOfTheWrongLengthIsRefused(t *testing.T) {
	for _, s := range []string{"", "00", strings.Repeat("0", 63), strings.Repeat("0", 66), strings.Repeat("g", 64)} {
		if h, err := block.ParseHash(s); err == nil {
			t.Errorf("parsed %q as %s", s, h)
		}
	}
}

func BenchmarkTry(b *testing.B) {
	h := block.Genesis(params()).Header
	h.Target = block.Target{}
	z := block.NewPuzzle(h)
	for i := range b.N {
		if z.Try(uint64(i)) {
			b.Fatal("no hash is zero")
		}
	}
}
