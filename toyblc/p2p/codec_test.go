package p2p_test

import (
	"errors"
	"net/netip"
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
	bare := g
	bare.Data = ""
	bare.Hash = bare.Header.Hash()
	head := chain.Head{Hash: g.Hash, Height: 5, Work: chain.Work{1, 2}}
	return map[string]chain.Message{
		"hello":               chain.Hello{Protocol: chain.Protocol, ChainID: "c", Genesis: g.Hash, Node: "n", Head: head},
		"head":                head,
		"want":                chain.Want{Locator: []block.Hash{g.Hash, {1}}},
		"headers":             chain.Headers{Headers: []block.Block{bare, bare}, More: true},
		"no headers":          chain.Headers{Headers: []block.Block{}},
		"a question for data": chain.WantBodies{Hashes: []block.Hash{{3}}},
		"data of blocks":      chain.Bodies{Data: []string{g.Data, "", "x"}},
		"peers": chain.Peers{Self: netip.MustParseAddrPort("[::]:6001"), Known: []netip.AddrPort{
			netip.MustParseAddrPort("10.1.2.3:6001"), netip.MustParseAddrPort("[fd00::1]:7001")}},
		"data": chain.Data{Data: g.Data},
	}
}

func TestEveryMessageSurvivesTheWire(t *testing.T) {
	for kind, want := range messages() {
		t.Run(kind, func(t *testing.T) {
			got, err := p2p.Decode(p2p.Encode(want))
			if err != nil || !reflect.DeepEqual(got, want) {
				t.Fatalf("got %+v (%v), want %+v", got, err, want)
			}
		})
	}
}

func TestWhatIsNoMessageIsRefused(t *testing.T) {
	head := string(p2p.Encode(chain.Head{Height: 5}))
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
		{"a type that is no number", `{"type":"x"}`, p2p.ErrMessage},
		{"kind 0", "\x00", p2p.ErrMessage},
		{"an unknown kind", "\x7f", p2p.ErrMessage},
		{"no body", head[:1], p2p.ErrMessage},
		{"a body cut short", head[:len(head)-1], p2p.ErrMessage},
		{"something after the message", head + "\x00", p2p.ErrMessage},
		{"more hashes than there are bytes for", "\x03\x00\x00\x00\x02" + strings.Repeat("x", 63), p2p.ErrMessage},
		{"four billion hashes", "\x03\xff\xff\xff\xff", p2p.ErrMessage},
		{"four billion headers", "\x04\x00\xff\xff\xff\xff", p2p.ErrMessage},
		{"four billion addresses", "\x08" + strings.Repeat("\x00", 18) + "\xff\xff\xff\xff", p2p.ErrMessage},
		{"more data than a block may have", "\x06\x00\x00\x00\x01\x00\x01\x00\x01" + strings.Repeat("x", 64<<10+1), p2p.ErrMessage},
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
		f.Add(p2p.Encode(m))
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
		if same, err := p2p.Decode(p2p.Encode(m)); err != nil || !reflect.DeepEqual(same, m) {
			t.Fatalf("%+v becomes %+v (%v)", m, same, err)
		}
	})
}
