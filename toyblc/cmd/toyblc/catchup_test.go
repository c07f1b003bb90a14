package main

import (
	"bufio"
	"crypto/ed25519"
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"onex.io/onex/toyblc/block"
)

// longChain writes a chain of n blocks with eight items each, in the binary
// encoding, and returns the file.
func longChain(t *testing.T, n int) string {
	t.Helper()
	p, path := params(time.Second), filepath.Join(t.TempDir(), "chain")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	out := bufio.NewWriter(f)
	put := func(b block.Block) {
		raw := b.AppendBlock(make([]byte, 4))
		binary.BigEndian.PutUint32(raw, uint32(len(raw)-4))
		_, _ = out.Write(raw) // Flush tells
	}
	_, _ = out.WriteString("toyblc1\n")
	key := ed25519.NewKeyFromSeed([]byte(strings.Repeat("k", ed25519.SeedSize)))
	g := block.Genesis(p)
	put(g)
	past := block.Window{g.Mark()}
	for range n {
		b := nextBlock(p, past, key)
		put(b)
		past = past.Next(b.Mark())
	}
	if err := out.Flush(); err != nil {
		t.Fatal(err)
	}
	return path
}

func nextBlock(p block.Params, past block.Window, key ed25519.PrivateKey) block.Block {
	parent := past.Parent()
	items := make([]string, 8)
	for i := range items {
		items[i] = fmt.Sprintf("item %d of block %d: a word or two", i, parent.Index+1)
	}
	data := block.JoinItems(items)
	h := block.Header{
		Version: block.Version, ChainID: p.ChainID, Index: parent.Index + 1, PreviousHash: parent.Hash, DataRoot: block.DataRoot(data),
		Timestamp: parent.Timestamp + 2, Target: block.NextTarget(p, past), Address: "user-a",
	}
	copy(h.PublicKey[:], key.Public().(ed25519.PublicKey))
	puzzle, nonce := block.NewPuzzle(h), uint64(0)
	for !puzzle.Try(nonce) {
		nonce++
	}
	return block.Seal(puzzle.Solved(nonce), data, key)
}

// cpu is what a process that has ended has used.
func cpu(c *exec.Cmd) time.Duration { return c.ProcessState.UserTime() + c.ProcessState.SystemTime() }

// importInto runs the tool as a process and returns its CPU time.
func importInto(t *testing.T, dir, file string) time.Duration {
	t.Helper()
	in, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	c := exec.Command(os.Args[0])
	c.Env = append(os.Environ(), "TOYBLC_TEST_ARGS=import "+dir)
	c.Stdin, c.Stderr = in, os.Stderr
	if err := c.Run(); err != nil {
		t.Fatal(err)
	}
	return cpu(c)
}

func copyChain(t *testing.T, from, to string) {
	t.Helper()
	in, err := os.Open(filepath.Join(from, "chain.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	out, err := os.Create(filepath.Join(to, "chain.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	if _, err := io.Copy(out, in); err != nil {
		t.Fatal(err)
	}
}

// A new node catches up from three peers at 0.8 times the speed of an import or
// more, in blocks per second of CPU that its process has used. The ratio is held
// to where TOYBLC_CATCHUP says how many blocks; else a few are fetched.
func TestANewNodeCatchesUpFromThreePeers(t *testing.T) {
	blocks, measured := 300, os.Getenv("TOYBLC_CATCHUP") != ""
	if measured {
		var err error
		if blocks, err = strconv.Atoi(os.Getenv("TOYBLC_CATCHUP")); err != nil {
			t.Fatal(err)
		}
	}
	file, full := longChain(t, blocks), t.TempDir()
	imported := importInto(t, full, file)
	var peers []string
	for range 3 {
		p := &process{t: t, args: "--min-mine-interval=1s", http: freePort(t), p2p: freePort(t), dir: t.TempDir()}
		copyChain(t, full, p.dir)
		p.run()
		peers = append(peers, "ws://"+p.p2p)
	}
	fresh := start(t, "--min-mine-interval=1s --peers="+strings.Join(peers, ","))
	for deadline := time.Now().Add(20 * time.Minute); fresh.status().Height < int64(blocks); time.Sleep(200 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("stands at %d of %d", fresh.status().Height, blocks)
		}
	}
	if err := fresh.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := fresh.cmd.Wait(); err != nil {
		t.Fatal(err)
	}
	synced := cpu(fresh.cmd)
	ratio := imported.Seconds() / synced.Seconds()
	t.Logf("%d blocks: import %.0f and catching up %.0f blocks per CPU second, ratio %.2f",
		blocks, float64(blocks)/imported.Seconds(), float64(blocks)/synced.Seconds(), ratio)
	if measured && ratio < 0.8 {
		t.Errorf("the ratio is %.2f, want at least 0.80", ratio)
	}
}
