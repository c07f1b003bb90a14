package node_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"onex.io/onex/toyblc/block"
	"onex.io/onex/toyblc/node"
)

// running is a whole node on free ports.
type running struct {
	t    testing.TB
	node *node.Node
	stop func() error // ends it, once
}

func params() block.Params {
	return block.Params{ChainID: "6f0c2b1e", Time: time.Now().Add(-time.Hour).Truncate(time.Hour), Interval: time.Second}
}

func config(t testing.TB, dir string) node.Config {
	t.Helper()
	return node.Config{
		Params: params(), P2PAddr: "127.0.0.1:0", HTTPAddr: "127.0.0.1:0", DataDir: dir,
		Accounts: map[string]string{"op": "secret", "other": "word"},
		Source:   "/namespaces/user-a/chains/harbour",
	}
}

// mining turns a configuration into a miner's.
func mining(t *testing.T, c node.Config) node.Config {
	t.Helper()
	key := ed25519.NewKeyFromSeed([]byte(strings.Repeat("k", ed25519.SeedSize)))
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	c.KeyFile = filepath.Join(t.TempDir(), "key.pem")
	if err := os.WriteFile(c.KeyFile, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	c.Mine, c.Address, c.CPUShare = true, "user-a", 0.3
	return c
}

func run(t testing.TB, c node.Config) *running {
	t.Helper()
	n, err := node.New(c, slog.New(slog.NewTextHandler(testWriter{t}, &slog.HandlerOptions{Level: slog.LevelWarn})))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- n.Run(ctx) }()
	stopped := false
	r := &running{t: t, node: n, stop: func() error {
		if stopped {
			return nil
		}
		stopped = true
		cancel()
		return <-ended
	}}
	t.Cleanup(func() {
		if err := r.stop(); err != nil {
			t.Error(err)
		}
	})
	return r
}

type testWriter struct{ t testing.TB }

func (w testWriter) Write(p []byte) (int, error) {
	w.t.Log(string(bytes.TrimSpace(p)))
	return len(p), nil
}

func (r *running) url(path string) string { return "http://" + r.node.HTTPAddr() + path }

func (r *running) peer() string { return "ws://" + r.node.P2PAddr() }

// get reads JSON.
func (r *running) get(path string, into any) int {
	r.t.Helper()
	resp, err := http.Get(r.url(path))
	if err != nil {
		r.t.Fatal(err)
	}
	defer resp.Body.Close()
	if into != nil {
		if err := json.NewDecoder(resp.Body).Decode(into); err != nil {
			r.t.Fatalf("GET %s: %v", path, err)
		}
	}
	return resp.StatusCode
}

func (r *running) status() (s node.Status) {
	r.t.Helper()
	r.get("/v1/status", &s)
	return s
}

// post sends a body as an account.
func (r *running) post(path, body string) (status int, answer string) {
	r.t.Helper()
	req, err := http.NewRequestWithContext(r.t.Context(), http.MethodPost, r.url(path), strings.NewReader(body))
	if err != nil {
		r.t.Fatal(err)
	}
	req.SetBasicAuth("op", "secret")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		r.t.Fatal(err)
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		r.t.Fatal(err)
	}
	return resp.StatusCode, string(raw)
}

// eventually polls until a condition holds.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); !holds(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("in vain: %s", what)
		}
	}
}

func TestMinersJoinTheFirstNodeAndAllHaveOneChain(t *testing.T) {
	first := run(t, config(t, t.TempDir()))
	miner := mining(t, config(t, t.TempDir()))
	miner.Peers = []string{first.peer()}
	a, b := run(t, miner), run(t, withDir(miner, t.TempDir()))
	eventually(t, "the first node has three blocks from its miners", func() bool { return first.status().Height >= 3 })
	if err := a.stop(); err != nil {
		t.Fatal(err)
	}
	if err := b.stop(); err != nil {
		t.Fatal(err)
	}
	late := config(t, t.TempDir())
	late.Peers = miner.Peers
	reader := run(t, late)
	eventually(t, "a late node that does not mine catches up", func() bool { return reader.status().Head == first.status().Head })
	wantWholeChain(t, reader)
}

func withDir(c node.Config, dir string) node.Config {
	c.DataDir = dir
	return c
}

func wantWholeChain(t *testing.T, r *running) []block.Block {
	t.Helper()
	var blocks []block.Block
	r.get("/v1/blocks", &blocks)
	v, err := block.NewVerifier(params())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := v.Add(time.Now(), blocks[1:]...); err != nil {
		t.Fatal(err)
	}
	return blocks
}

func TestANodeGoesOnAfterItWasStopped(t *testing.T) {
	cfg := mining(t, config(t, t.TempDir()))
	n := run(t, cfg)
	eventually(t, "two blocks", func() bool { return n.status().Height >= 2 })
	begin := time.Now()
	if err := n.stop(); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(begin); took > 2*time.Second {
		t.Fatalf("stopping took %s, want less than two seconds", took)
	}
	cfg.Mine = false
	again := run(t, cfg)
	if got := wantWholeChain(t, again); len(got) < 3 {
		t.Fatalf("has %d blocks after the restart, want at least 3", len(got))
	}
}

func TestACorruptFileIsSetAsideAndTheChainFetchedAgain(t *testing.T) {
	first := run(t, mining(t, config(t, t.TempDir())))
	dir := t.TempDir()
	cfg := config(t, dir)
	cfg.Peers = []string{first.peer()}
	second := run(t, cfg)
	eventually(t, "two blocks", func() bool { return second.status().Height >= 2 })
	if err := second.stop(); err != nil {
		t.Fatal(err)
	}
	db := filepath.Join(dir, "chain.db")
	raw, err := os.ReadFile(db)
	if err != nil {
		t.Fatal(err)
	}
	raw = bytes.ReplaceAll(raw, []byte("genesis of chain"), []byte("genesis of Chain"))
	if err := os.WriteFile(db, raw, 0o600); err != nil {
		t.Fatal(err)
	}
	third := run(t, cfg)
	eventually(t, "the chain is back", func() bool { return third.status().Height >= 2 && third.status().Synced })
	if _, err := os.Stat(db + ".set-aside"); err != nil {
		t.Fatal(err)
	}
}

func TestANodeOfAnotherChainIsNotLetIn(t *testing.T) {
	first := run(t, config(t, t.TempDir()))
	cfg := config(t, t.TempDir())
	cfg.Params.Interval = time.Minute
	cfg.Peers = []string{first.peer()}
	stranger := run(t, cfg)
	eventually(t, "the first node counts a drop", func() bool {
		return strings.Contains(metrics(first), `toyblc_peers_dropped_total{reason="OtherChain"}`) ||
			strings.Contains(metrics(stranger), `toyblc_peers_dropped_total{reason="OtherChain"}`)
	})
	if got := stranger.get("/readyz", nil); got != http.StatusServiceUnavailable {
		t.Fatalf("readyz is %d, want 503 for a node without a synced peer", got)
	}
}

func metrics(r *running) string {
	resp, err := http.Get(r.url("/metrics"))
	if err != nil {
		r.t.Fatal(err)
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		r.t.Fatal(err)
	}
	return string(raw)
}

func TestAPostedTextGetsIntoTheChainByWayOfAMiner(t *testing.T) {
	first := run(t, config(t, t.TempDir()))
	cfg := mining(t, config(t, t.TempDir()))
	cfg.Peers = []string{first.peer()}
	run(t, cfg)
	if status, body := first.post("/v1/blocks", `{"data":"tea"}`); status != http.StatusAccepted {
		t.Fatalf("post: %d %s", status, body)
	}
	eventually(t, "the text is in a block", func() bool {
		var blocks []block.Block
		first.get("/v1/blocks?from=1", &blocks)
		for _, b := range blocks {
			if b.Data == "tea" {
				return true
			}
		}
		return false
	})
}

func TestPeersCanBeAddedWhileRunning(t *testing.T) {
	first, second := run(t, config(t, t.TempDir())), run(t, config(t, t.TempDir()))
	if status, body := second.post("/v1/peers", fmt.Sprintf(`{"peer":%q}`, first.peer())); status != http.StatusAccepted {
		t.Fatalf("post: %d %s", status, body)
	}
	eventually(t, "they are peers", func() bool {
		var peers []string
		second.get("/v1/peers", &peers)
		return len(peers) == 1 && peers[0] == first.node.P2PAddr() && second.status().Peers == 1
	})
}

func TestANodeThatCannotStartSaysWhy(t *testing.T) {
	good := config(t, t.TempDir())
	busy := run(t, config(t, t.TempDir()))
	for _, r := range []struct {
		name   string
		change func(*node.Config)
		want   string
	}{
		{"a port in use", func(c *node.Config) { c.HTTPAddr = busy.node.HTTPAddr() }, "listen for HTTP"},
		{"a peer port in use", func(c *node.Config) { c.P2PAddr = busy.node.P2PAddr() }, "listen for peers"},
		{"no key", func(c *node.Config) { *c = mining(t, *c); c.KeyFile += ".missing" }, "read key"},
		{"a key that is none", func(c *node.Config) { *c = mining(t, *c); c.KeyFile = "node_test.go" }, "no PEM block"},
		{"a peer that cannot be dialed", func(c *node.Config) { c.Peers = []string{"http://x"} }, "not of the form"},
		{"a data directory that is a file", func(c *node.Config) { c.DataDir = "node_test.go" }, "data directory"},
		{"no interval", func(c *node.Config) { c.Params.Interval = 0 }, "interval"},
	} {
		t.Run(r.name, func(t *testing.T) {
			c := good
			c.DataDir = t.TempDir()
			r.change(&c)
			_, err := node.New(c, slog.New(slog.DiscardHandler))
			if err == nil || !strings.Contains(err.Error(), r.want) {
				t.Fatalf("new: %v, want %q", err, r.want)
			}
		})
	}
}
