package node_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"onex.io/onex/toyblc/block"
	"onex.io/onex/toyblc/node"
)

// quote writes a JSON string.
func quote(s string) string {
	raw, err := json.Marshal(s)
	if err != nil {
		return `""`
	}
	return string(raw)
}

func TestABlockIsFoundByHeightAndByHash(t *testing.T) {
	n := run(t, mining(t, config(t, t.TempDir())))
	eventually(t, "three blocks", func() bool { return n.status().Height >= 3 })
	var all []block.Block
	n.get("/v1/blocks?limit=3", &all)
	for _, want := range all {
		for _, id := range []string{fmt.Sprint(want.Index), want.Hash.String(), strings.ToUpper(want.Hash.String())} {
			var got block.Block
			if status := n.get("/v1/blocks/"+id, &got); status != http.StatusOK || got != want {
				t.Fatalf("block %s: %d, %+v, want %+v", id, status, got, want)
			}
		}
		if want.Hash != want.Header.Hash() {
			t.Fatalf("block %d is named %s, its header hashes to %s", want.Index, want.Hash, want.Header.Hash())
		}
	}
}

func TestHeadersAreBlocksWithoutTheirData(t *testing.T) {
	n := run(t, mining(t, config(t, t.TempDir())))
	if status, body := n.post("/v1/blocks", `{"data":"tea"}`); status != http.StatusAccepted {
		t.Fatalf("post: %d %s", status, body)
	}
	eventually(t, "three blocks", func() bool { return n.status().Height >= 3 })
	var blocks, headers []block.Block
	n.get("/v1/blocks?limit=4", &blocks)
	n.get("/v1/headers?limit=4", &headers)
	for i := range blocks {
		blocks[i].Data = ""
		if headers[i] != blocks[i] {
			t.Fatalf("header %d is %+v, want %+v", i, headers[i], blocks[i])
		}
	}
	resp := n.call(t, "GET", "/v1/headers?limit=1", "", "")
	raw, err := io.ReadAll(resp.Body)
	if err != nil || strings.Contains(string(raw), `"data"`) {
		t.Fatalf("a header has data (%v): %s", err, raw)
	}
	if got, want := resp.Header.Get("Link"), `</v1/headers?from=1&limit=1>; rel="next"`; got != want {
		t.Fatalf("links to %q, want %q", got, want)
	}
}

func TestAPageOfBlocksLinksToTheNext(t *testing.T) {
	n := run(t, mining(t, config(t, t.TempDir())))
	eventually(t, "three blocks", func() bool { return n.status().Height >= 3 })
	for _, r := range []struct{ query, want string }{
		{"?limit=2", `</v1/blocks?from=2&limit=2>; rel="next"`},
		{"?from=1&limit=1", `</v1/blocks?from=2&limit=1>; rel="next"`},
		{"?from=1&limit=900", ""},
		{"?limit=0", ""},
		{"?from=9223372036854775807", ""},
	} {
		resp := n.call(t, "GET", "/v1/blocks"+r.query, "", "")
		if got := resp.Header.Get("Link"); got != r.want {
			t.Errorf("%s links to %q, want %q", r.query, got, r.want)
		}
	}
}

func TestTheStatusAndTheSignersTellWhoWon(t *testing.T) {
	cfg := mining(t, config(t, t.TempDir()))
	n := run(t, cfg)
	eventually(t, "three blocks and a hash rate", func() bool {
		s := n.status()
		return s.Won >= 3 && s.HashRate > 0 && s.ChainHashRate > 0
	})
	if err := n.stop(); err != nil {
		t.Fatal(err)
	}
	again := run(t, withoutWork(cfg))
	s := again.status()
	if s.ChainID != params().ChainID || s.Genesis != block.Genesis(params()).Hash || s.IntervalSeconds != 1 || s.Difficulty < 4096 {
		t.Fatalf("status is %+v", s)
	}
	wantSigners(t, again, wantWholeChain(t, again))
}

// withoutWork turns a miner into a reader.
func withoutWork(c node.Config) node.Config {
	c.Mine = false
	return c
}

// wantSigners wants the one miner of a chain to have all its blocks but genesis.
func wantSigners(t *testing.T, n *running, blocks []block.Block) {
	t.Helper()
	key, other := blocks[1].PublicKey, block.PublicKey{1}
	for _, r := range []struct {
		query string
		want  []node.Signer
	}{
		{"", []node.Signer{{PublicKey: key, Blocks: int64(len(blocks) - 1)}}},
		{"?limit=0", nil},
		{"?from=" + strings.Repeat("f", 64), nil},
		{"?key=" + other.String() + "&key=" + key.String(), []node.Signer{{PublicKey: other}, {PublicKey: key, Blocks: int64(len(blocks) - 1)}}},
	} {
		var got []node.Signer
		n.get("/v1/signers"+r.query, &got)
		if fmt.Sprint(got) != fmt.Sprint(r.want) {
			t.Errorf("signers%s are %v, want %v", r.query, got, r.want)
		}
	}
}

func TestAMinersOwnCountsGoOnAfterItWasStopped(t *testing.T) {
	cfg := mining(t, config(t, t.TempDir()))
	n := run(t, cfg)
	eventually(t, "two blocks", func() bool { return n.status().Won >= 2 })
	if err := n.stop(); err != nil {
		t.Fatal(err)
	}
	again := run(t, cfg)
	s := again.status()
	if s.Won < 2 || s.Mined > s.Won-2 || s.Address != "user-a" || s.PublicKey == (block.PublicKey{}) {
		t.Fatalf("after the restart: %+v, want what was won before to count", s)
	}
}
