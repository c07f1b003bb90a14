package node_test

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"onex.io/onex/toyblc/block"
)

// What a caller of the original could do in a minute can be done here in the same way: the same routes, names and
// refusals. Two things are other on purpose: reading needs no account, and a block comes when it has been mined.
func TestTheFirstMinuteWithANode(t *testing.T) {
	n := run(t, mining(t, config(t, t.TempDir())))
	t.Run("its blocks begin with genesis", func(t *testing.T) {
		var blocks []map[string]any
		if status := n.get("/v1/blocks", &blocks); status != http.StatusOK || len(blocks) == 0 {
			t.Fatalf("%d blocks, status %d", len(blocks), status)
		}
		for _, name := range []string{"index", "previousHash", "timestamp", "data", "hash", "address"} {
			if _, ok := blocks[0][name]; !ok {
				t.Errorf("a block has no %q", name)
			}
		}
		if blocks[0]["index"] != 0.0 {
			t.Fatalf("the first block is %v", blocks[0])
		}
	})
	t.Run("what is posted is mined", func(t *testing.T) {
		if resp := n.call(t, "POST", "/v1/blocks", "op:secret", `{"data":"tx1"}`); resp.StatusCode != http.StatusAccepted {
			t.Fatalf("status %d", resp.StatusCode)
		}
		eventually(t, "it is in a block", func() bool { return carries(n, "tx1") })
	})
	t.Run("an empty body asks for nothing and is taken", func(t *testing.T) {
		if resp := n.call(t, "POST", "/v1/blocks", "op:secret", `{}`); resp.StatusCode != http.StatusAccepted {
			t.Fatalf("status %d", resp.StatusCode)
		}
	})
	t.Run("wrong credentials", func(t *testing.T) {
		for _, who := range []string{"op:wrong", "", "toyblc:onex(#)666", "onex:onex(#)666"} {
			resp := n.call(t, "POST", "/v1/blocks", who, `{"data":"x"}`)
			if resp.StatusCode != http.StatusUnauthorized || resp.Header.Get("WWW-Authenticate") != `Basic realm="Authorization Required"` {
				t.Fatalf("%q: status %d, %q", who, resp.StatusCode, resp.Header.Get("WWW-Authenticate"))
			}
			wantError(t, resp, "UNAUTHORIZED")
		}
	})
	t.Run("a route that is not there", func(t *testing.T) {
		var body struct {
			Code            int
			Reason, Message string
		}
		resp := n.call(t, "GET", "/nope", "op:secret", "")
		if err := json.NewDecoder(resp.Body).Decode(&body); err != nil {
			t.Fatal(err)
		}
		if resp.StatusCode != 404 || body.Code != 404 || body.Reason != "PageNotFound" || body.Message != "route not found" {
			t.Fatalf("status %d, %+v", resp.StatusCode, body)
		}
	})
	t.Run("no profiles for strangers", func(t *testing.T) {
		if resp := n.call(t, "GET", "/debug/pprof/", "", ""); resp.StatusCode != http.StatusNotFound {
			t.Fatalf("status %d", resp.StatusCode)
		}
	})
	t.Run("no peers is an empty array", func(t *testing.T) {
		raw, err := io.ReadAll(n.call(t, "GET", "/v1/peers", "", "").Body)
		if err != nil || strings.TrimSpace(string(raw)) != "[]" {
			t.Fatalf("%q (%v)", raw, err)
		}
	})
}

// carries tells whether a text is in a block, and no longer waits.
func carries(n *running, text string) bool {
	var all []block.Block
	n.get("/v1/blocks", &all)
	for _, b := range all {
		for _, item := range block.Items(b.Data) {
			if item == text {
				return true
			}
		}
	}
	return false
}

// In the original, a node that joined two blocks late and heard of a third made the node that told it crash.
func TestALateJoinerGetsTheChainAndNobodyEnds(t *testing.T) {
	a := run(t, mining(t, config(t, t.TempDir())))
	eventually(t, "four blocks", func() bool { return a.status().Height >= 4 })
	late := config(t, t.TempDir())
	late.Peers = []string{a.peer()}
	b := run(t, late)
	eventually(t, "it has them without waiting for another", func() bool { return b.status().Height >= 4 && b.status().Synced })
	height := a.status().Height
	eventually(t, "both go on", func() bool { return a.status().Height > height && b.status().Height > height })
	wantWholeChain(t, b)
	for name, n := range map[string]*running{"the first": a, "the late": b} {
		if status := n.get("/healthz", nil); status != http.StatusOK {
			t.Errorf("%s: healthz is %d", name, status)
		}
	}
}
