package node

import (
	"encoding/json"
	"log/slog"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"onex.io/onex/toyblc/block"
	"onex.io/onex/toyblc/chain"
)

// What can be asked of a node stands on its page, and nothing is missing there.
func TestThePageAboutNodesIsComplete(t *testing.T) {
	raw, err := os.ReadFile("../../docs/toyblc.md")
	if err != nil {
		t.Fatal(err)
	}
	page := string(raw)
	n, err := New(Config{
		Params:  block.Params{ChainID: "c", Time: time.Unix(1_700_000_000, 0), Interval: time.Second},
		P2PAddr: "127.0.0.1:0", HTTPAddr: "127.0.0.1:0", DataDir: t.TempDir(),
	}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		n.hub.Close()
		if err := n.release(); err != nil {
			t.Error(err)
		}
	})
	n.metrics.dropped(chain.Flood) // a metric with labels is there once it has any
	want := metricNames(t, n)
	for pattern := range n.handlers() {
		want = append(want, pattern)
	}
	for _, name := range append(want, statusFields(t)...) {
		if !strings.Contains(page, "`"+name+"`") {
			t.Errorf("%q is missing", name)
		}
	}
}

// The document for programs has the same routes.
func TestTheDocumentOfRoutesIsComplete(t *testing.T) {
	var described struct {
		Paths map[string]map[string]any
	}
	if err := json.Unmarshal(document, &described); err != nil {
		t.Fatal(err)
	}
	var got []string
	for path, methods := range described.Paths {
		for method := range methods {
			got = append(got, strings.ToUpper(method)+" "+path)
		}
	}
	var want []string
	for pattern := range (&Node{metrics: newMetrics(&Node{})}).handlers() {
		want = append(want, strings.Replace(pattern, "{$}", "", 1))
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Fatalf("described are\n%q, served\n%q", got, want)
	}
}

func metricNames(t *testing.T, n *Node) (names []string) {
	t.Helper()
	families, err := n.metrics.registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		if strings.HasPrefix(f.GetName(), "toyblc_") {
			names = append(names, f.GetName())
		}
	}
	return names
}

func statusFields(t *testing.T) (names []string) {
	t.Helper()
	raw, err := json.Marshal(Status{PublicKey: block.PublicKey{1}, Address: "a"})
	if err != nil {
		t.Fatal(err)
	}
	var fields map[string]any
	if err := json.Unmarshal(raw, &fields); err != nil {
		t.Fatal(err)
	}
	for name := range fields {
		names = append(names, name)
	}
	return names
}
