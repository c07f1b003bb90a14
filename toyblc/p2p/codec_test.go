package p2p_test

import (
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"onex.io/onex/toyblc/block"
	"onex.io/onex/toyblc/chain"
	"onex.io/onex/toyblc/p2p"
)

func messages() map[string]chain.Message {
	g := block.Genesis(block.Params{ChainID: "c", Time: time.Unix(1_800_000_000, 0), Interval: time.Second})
	g.Data = "\x00 \"<tea>\" \u2028 ü"
	g.Nonce = 1<<64 - 1
	head := chain.Head{Hash: g.Hash, Height: 5, Work: chain.Work{1, 2}}
	return map[string]chain.Message{
		"hello":  chain.Hello{Protocol: chain.Protocol, ChainID: "c", Genesis: g.Hash, Node: "n", Head: head},
		"head":   head,
		"want":   chain.Want{Locator: []block.Hash{g.Hash, {1}}},
		"blocks": chain.Blocks{Blocks: []block.Block{g, {}}, More: true},
		"data":   chain.Data{Data: g.Data},
	}
}

func TestEveryMessageSurvivesTheWire(t *testing.T) {
	for kind, want := range messages() {
		t.Run(kind, func(t *testing.T) {
			raw, err := p2p.Encode(want)
			if err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(string(raw), `"kind":"`+kind+`"`) {
				t.Fatalf("frame %s does not name its kind", raw)
			}
			got, err := p2p.Decode(raw)
			if err != nil || !reflect.DeepEqual(got, want) {
				t.Fatalf("got %+v (%v), want %+v", got, err, want)
			}
		})
	}
}

func TestWhatIsNoMessageIsRefused(t *testing.T) {
	for _, r := range []struct {
		name, frame string
		want        error
	}{
		{"the original's query for the latest block", `{"type":0}`, p2p.ErrOriginal},
		{"the original's query for all blocks", `{"type":1,"data":null}`, p2p.ErrOriginal},
		{"the original's answer", `{"type":2,"data":"W10="}`, p2p.ErrOriginal},
		{"nothing", ``, p2p.ErrMessage},
		{"no JSON", `hello`, p2p.ErrMessage},
		{"no object", `[1]`, p2p.ErrMessage},
		{"an empty object", `{}`, p2p.ErrMessage},
		{"an unknown kind", `{"kind":"gossip","body":{}}`, p2p.ErrMessage},
		{"no body", `{"kind":"head"}`, p2p.ErrMessage},
		{"a null body", `{"kind":"blocks","body":null}`, p2p.ErrMessage},
		{"a body of another shape", `{"kind":"head","body":[]}`, p2p.ErrMessage},
		{"a hash that is too short", `{"kind":"head","body":{"hash":"00"}}`, p2p.ErrMessage},
		{"a negative nonce", `{"kind":"blocks","body":{"blocks":[{"nonce":-1}]}}`, p2p.ErrMessage},
		{"something after the frame", `{"kind":"data","body":{}} {}`, p2p.ErrMessage},
	} {
		t.Run(r.name, func(t *testing.T) {
			if m, err := p2p.Decode([]byte(r.frame)); !errors.Is(err, r.want) || m != nil {
				t.Fatalf("got %+v (%v), want %v", m, err, r.want)
			}
		})
	}
}

func FuzzDecode(f *testing.F) {
	for _, m := range messages() {
		raw, err := p2p.Encode(m)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(raw)
	}
	f.Add([]byte(`{"type":2,"data":null}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		m, err := p2p.Decode(raw)
		if err != nil {
			if !errors.Is(err, p2p.ErrMessage) && !errors.Is(err, p2p.ErrOriginal) {
				t.Fatalf("an error of no kind: %v", err)
			}
			return
		}
		again, err := p2p.Encode(m)
		if err != nil {
			t.Fatalf("encode %+v: %v", m, err)
		}
		if same, err := p2p.Decode(again); err != nil || !reflect.DeepEqual(same, m) {
			t.Fatalf("%+v becomes %+v (%v)", m, same, err)
		}
	})
}
