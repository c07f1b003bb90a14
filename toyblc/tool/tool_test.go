package tool_test

import (
	"bytes"
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"onex.io/onex/toyblc/block"
	"onex.io/onex/toyblc/chain"
	"onex.io/onex/toyblc/keyfile"
	"onex.io/onex/toyblc/store"
	"onex.io/onex/toyblc/tool"
)

// run runs a tool as from a command line.
func run(in string, args ...string) (out string, err error) {
	var stdout, stderr bytes.Buffer
	err = tool.Run(args, tool.Streams{In: strings.NewReader(in), Out: &stdout, Err: &stderr})
	return stdout.String(), err
}

// mined is a chain of n blocks after genesis, and whose key signed them.
func mined(t testing.TB, n int) (blocks []block.Block, key block.PublicKey) {
	t.Helper()
	p := block.Params{ChainID: "c", Time: time.Unix(1_700_000_000, 0), Interval: time.Second}
	signer, err := keyfile.Create(filepath.Join(t.TempDir(), "key"))
	if err != nil {
		t.Fatal(err)
	}
	copy(key[:], signer.Public().(ed25519.PublicKey))
	blocks = []block.Block{block.Genesis(p)}
	for range n {
		past, err := block.NewWindow(blocks[max(0, len(blocks)-block.WindowSize):]...)
		if err != nil {
			t.Fatal(err)
		}
		parent := past.Parent()
		puzzle, nonce := block.NewPuzzle(block.Header{
			Version: block.Version, ChainID: "c", Index: parent.Index + 1, PreviousHash: parent.Hash, DataRoot: block.DataRoot("tea"),
			Timestamp: parent.Timestamp + 10, Target: block.NextTarget(p, past), Address: "user-a", PublicKey: key,
		}), uint64(0)
		for !puzzle.Try(nonce) {
			nonce++
		}
		blocks = append(blocks, block.Seal(puzzle.Solved(nonce), "tea", signer))
	}
	return blocks, key
}

func text(t testing.TB, blocks []block.Block) string {
	t.Helper()
	var out strings.Builder
	for _, b := range blocks {
		if err := json.NewEncoder(&out).Encode(b); err != nil {
			t.Fatal(err)
		}
	}
	return out.String()
}

func TestAChainGoesOutAndInAgainUnchanged(t *testing.T) {
	blocks, key := mined(t, 12)
	exported, dir := text(t, blocks), filepath.Join(t.TempDir(), "data")
	for _, verb := range [][]string{{"verify"}, {"verify", "-genesis=" + blocks[0].Hash.String()}, {"import", dir}} {
		out, err := run(exported, verb...)
		if err != nil {
			t.Fatal(err)
		}
		for _, want := range []string{"chain c, a block per 1s\n", "height 12\n", "head " + blocks[12].Hash.String() + "\n", "signer " + key.String() + " 12\n"} {
			if !strings.Contains(out, want) {
				t.Fatalf("%v says %q, want %q in it", verb, out, want)
			}
		}
	}
	if out, err := run("", "export", dir); err != nil || out != exported {
		t.Fatalf("exported again: %v, and it differs", err)
	}
	binary, err := run("", "export", "-binary", dir)
	if err != nil || len(binary) >= len(exported)/2 {
		t.Fatalf("%d bytes in the binary encoding (%v), want less than half of %d", len(binary), err, len(exported))
	}
	if out, err := run(binary, "verify"); err != nil || !strings.Contains(out, "height 12\n") {
		t.Fatalf("in the binary encoding: %q (%v)", out, err)
	}
	if _, err := run(binary[:len(binary)-1], "verify"); !errors.Is(err, block.ErrEncoding) {
		t.Fatalf("cut short: %v, want ErrEncoding", err)
	}
	wantLoadable(t, dir)
	if _, err := run(exported, "import", dir); err == nil {
		t.Fatal("imported over a chain")
	}
	file := filepath.Join(dir, "text")
	if err := os.WriteFile(file, []byte(exported), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := run("", "verify", file); err != nil {
		t.Fatal(err)
	}
}

// wantLoadable wants a node to take the chain as its own.
func wantLoadable(t *testing.T, dir string) {
	t.Helper()
	db, err := store.OpenBolt(filepath.Join(dir, "chain.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	m, err := chain.New(chain.Config{Params: block.Params{ChainID: "c", Time: time.Unix(1_700_000_000, 0), Interval: time.Second}})
	if err != nil {
		t.Fatal(err)
	}
	err = store.Load(db, chain.Keep, func(piece chain.Loaded) error {
		for _, o := range m.Step(time.Now(), piece) {
			if bad, ok := o.(chain.Corrupt); ok {
				return bad.Err
			}
		}
		return nil
	})
	if s := m.Status(); err != nil || s.Height != 12 {
		t.Fatalf("a node loads up to height %d (%v), want 12", s.Height, err)
	}
}

func TestAChainIsExportedFromARunningNode(t *testing.T) {
	blocks, _ := mined(t, 3)
	node := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		from, err := strconv.Atoi(r.URL.Query().Get("from"))
		if r.URL.Path != "/v1/blocks" || err != nil {
			http.NotFound(w, r)
			return
		}
		_ = json.NewEncoder(w).Encode(blocks[from:min(from+2, len(blocks))])
	}))
	t.Cleanup(node.Close)
	if out, err := run("", "export", node.URL+"/"); err != nil || out != text(t, blocks) {
		t.Fatalf("exported %q (%v)", out, err)
	}
	if _, err := run("", "export", node.URL+"/elsewhere"); err == nil {
		t.Fatal("exported from what is no node")
	}
}

func TestAChainThatBreaksARuleIsRefusedAndLeavesNothing(t *testing.T) {
	blocks, _ := mined(t, 4)
	changed := func(i int, change func(*block.Block)) string {
		out := append([]block.Block(nil), blocks...)
		change(&out[i])
		return text(t, out)
	}
	for _, r := range []struct{ name, in, want string }{
		{"nothing", "", "no blocks"},
		{"no JSON", text(t, blocks[:2]) + "tea\n", `after block "1"`},
		{"a line without end", strings.Repeat(" ", 1<<20), "too long"},
		{"no genesis", text(t, blocks[1:]), "WrongGenesis"},
		{"a hole", text(t, append(append([]block.Block(nil), blocks[:2]...), blocks[3:]...)), "WrongIndex"},
		{"other data", changed(2, func(b *block.Block) { b.Data = "milk" }), "WrongDataRoot"},
		{"a forged signature", changed(4, func(b *block.Block) { b.Signature[0]++ }), "BadSignature"},
		{"a hash without work", changed(3, func(b *block.Block) { b.Address = "user-b"; b.Hash = b.Header.Hash() }), "WeakProof"},
	} {
		t.Run(r.name, func(t *testing.T) {
			dir := t.TempDir()
			for _, verb := range [][]string{{"verify"}, {"import", dir}} {
				if _, err := run(r.in, verb...); err == nil || !strings.Contains(err.Error(), r.want) {
					t.Fatalf("%v: %v, want %q", verb, err, r.want)
				}
			}
			if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
				t.Fatalf("the import left %v (%v)", left, err)
			}
		})
	}
	if _, err := run(text(t, blocks), "verify", "-genesis="+strings.Repeat("0", 64)); err == nil {
		t.Fatal("another chain than wanted is accepted")
	}
}

func TestAKeyIsMadeOnceAndShown(t *testing.T) {
	file := filepath.Join(t.TempDir(), "key.pem")
	first, err := run("", "key", file)
	if err != nil || len(first) != 65 {
		t.Fatalf("key says %q (%v), want 64 hex digits", first, err)
	}
	if again, err := run("", "key", file); err != nil || again != first {
		t.Fatalf("the second time: %q (%v), want %q", again, err, first)
	}
	if _, err := run("", "key", "tool_test.go"); err == nil {
		t.Fatal("a file that is no key was accepted")
	}
}

func TestWrongCommandLines(t *testing.T) {
	for _, r := range []struct {
		name string
		args []string
		want error
	}{
		{"a key without a file", []string{"key"}, tool.ErrUsage},
		{"an export of two", []string{"export", "a", "b"}, tool.ErrUsage},
		{"an import into nothing", []string{"import"}, tool.ErrUsage},
		{"a check of two", []string{"verify", "a", "b"}, tool.ErrUsage},
		{"a flag that is not there", []string{"verify", "-x"}, tool.ErrUsage},
		{"a question", []string{"verify", "-h"}, flag.ErrHelp},
		{"an export of a folder without a chain", []string{"export", "."}, os.ErrNotExist},
		{"a check of no file", []string{"verify", "nowhere"}, os.ErrNotExist},
	} {
		t.Run(r.name, func(t *testing.T) {
			if _, err := run("", r.args...); !errors.Is(err, r.want) {
				t.Fatalf("got %v, want %v", err, r.want)
			}
		})
	}
}

func TestToolsAreKnownByTheirFirstWord(t *testing.T) {
	for args, want := range map[string]bool{"": false, "key": true, "verify x": true, "--miner": false, "keys": false} {
		if got := tool.Is(strings.Fields(args)); got != want {
			t.Errorf("%q: %t, want %t", args, got, want)
		}
	}
	for _, name := range []string{"key", "export", "import", "verify"} {
		if !strings.Contains(tool.Usage(), fmt.Sprintf("toyblc %s ", name)) {
			t.Errorf("the list of tools lacks %q", name)
		}
	}
}

func FuzzVerify(f *testing.F) {
	blocks, _ := mined(f, 2)
	f.Add(text(f, blocks))
	f.Add(text(f, blocks[:1]) + "{}\n")
	f.Add("[]\nnull\n")
	raw := blocks[0].AppendBlock(nil)
	f.Add("toyblc1\n\x00\x00" + string([]byte{byte(len(raw) >> 8), byte(len(raw))}) + string(raw))
	f.Fuzz(func(t *testing.T, in string) {
		if out, err := run(in, "verify"); err == nil && !strings.HasPrefix(out, "chain ") {
			t.Fatalf("%q passes with %q", in, out)
		}
	})
}
