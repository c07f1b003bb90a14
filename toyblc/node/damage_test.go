package node_test

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"onex.io/onex/toyblc/store"
)

// Damage found by a reader ends the node: the next start begins anew.
func TestDamageFoundWhileRunningEndsTheNodeAndSetsTheFileAside(t *testing.T) {
	for _, path := range []string{"/v1/blocks", "/v1/blocks/0"} {
		t.Run(path, func(t *testing.T) { wantDamageFound(t, path) })
	}
}

func wantDamageFound(t *testing.T, path string) {
	dir := t.TempDir()
	n := run(t, config(t, dir))
	db := filepath.Join(dir, "chain.db")
	scribble(t, db, []byte("genesis of chain"), []byte("genesis of Chain"))
	if got := n.get(path, nil); got != http.StatusInternalServerError {
		t.Fatalf("blocks of a damaged chain: %d, want 500", got)
	}
	eventually(t, "the node has ended", func() bool {
		resp, err := http.Get(n.url("/healthz"))
		if err == nil {
			resp.Body.Close()
		}
		return err != nil
	})
	if err := n.stop(); !errors.Is(err, store.ErrCorrupt) {
		t.Fatalf("ended with %v, want ErrCorrupt", err)
	}
	if _, err := os.Stat(db + ".set-aside"); err != nil {
		t.Fatal(err)
	}
	if got := run(t, config(t, dir)).get("/v1/blocks", nil); got != http.StatusOK {
		t.Fatalf("blocks after the restart: %d, want 200", got)
	}
}

// scribble changes a file in place, under the eyes of whoever has it mapped.
func scribble(t *testing.T, path string, old, now []byte) {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for at := 0; ; at += len(now) {
		i := bytes.Index(raw[at:], old)
		if i < 0 {
			return
		}
		at += i
		if _, err := f.WriteAt(now, int64(at)); err != nil {
			t.Fatal(err)
		}
	}
}

func TestTwoChainsThatMeetBecomeTheOneWithMoreWork(t *testing.T) {
	other := mining(t, config(t, t.TempDir()))
	other.Address = "user-b"
	a, b := run(t, mining(t, config(t, t.TempDir()))), run(t, other)
	eventually(t, "both have mined apart", func() bool { return a.status().Height >= 2 && b.status().Height >= 2 })
	if status, body := a.post("/v1/peers", fmt.Sprintf(`{"peer":%q}`, b.peer())); status != http.StatusAccepted {
		t.Fatalf("post: %d %s", status, body)
	}
	eventually(t, "one of them has given way", func() bool {
		return (reorged(a) || reorged(b)) && a.status().Head == b.status().Head
	})
}

func reorged(r *running) bool {
	return !strings.Contains(metrics(r), "toyblc_reorg_depth_blocks_count 0\n")
}
