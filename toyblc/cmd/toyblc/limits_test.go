//go:build linux && !race

package main

import (
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// anonymous is the memory in MiB that a process has for itself; pages of files, such
// as the program and the chain, can be had again and do not count.
func anonymous(pid int) (mib float64, err error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(text)) {
		if fields := strings.Fields(line); len(fields) == 3 && fields[0] == "RssAnon:" {
			kib, err := strconv.ParseFloat(fields[1], 64)
			return kib / 1024, err
		}
	}
	return 0, errors.New("no RssAnon")
}

// most watches the memory of a process while something goes on, and for two seconds more.
func (p *process) most(goesOn func()) (most float64) {
	p.t.Helper()
	ctx, stop := context.WithCancel(p.t.Context())
	defer stop()
	pid, peak := p.cmd.Process.Pid, make(chan float64, 1)
	go func() {
		look, most := time.NewTicker(20*time.Millisecond), 0.0
		defer look.Stop()
		for ctx.Err() == nil {
			now, _ := anonymous(pid) // the last look tells whether it can be had
			most = max(most, now)
			<-look.C
		}
		peak <- most
	}()
	goesOn()
	time.Sleep(2 * time.Second) // what is left over may be seen
	stop()
	last, err := anonymous(pid)
	if err != nil {
		p.t.Fatal(err)
	}
	return max(<-peak, last)
}

func TestMeasuredMemoryOfANode(t *testing.T) {
	const idle, long = 20, 64 // MiB
	blocks := 10_000
	if text := os.Getenv("TOYBLC_MEMORY_BLOCKS"); text != "" {
		var err error
		if blocks, err = strconv.Atoi(text); err != nil {
			t.Fatal(err)
		}
	}
	dir, chain := t.TempDir(), grow(t, "user-a")
	chain.into(dir, blocks)
	empty := start(t, "--min-mine-interval=1s")
	source := &process{t: t, http: freePort(t), p2p: freePort(t), dir: dir, args: "--min-mine-interval=1s"}
	source.run()
	joins := start(t, "--min-mine-interval=1s --peers=ws://"+source.p2p)
	for _, r := range []struct {
		name  string
		node  *process
		goes  func()
		limit float64
	}{
		{"idle", empty, func() {}, idle},
		{fmt.Sprintf("catching up %d blocks", blocks), joins, func() {
			until(t, 10*time.Minute, "it caught up", func() bool { return joins.status().Head == source.status().Head })
		}, long},
		{fmt.Sprintf("with %d blocks, having served them", blocks), source, func() {}, long},
		{fmt.Sprintf("with %d blocks, while all are read", blocks), source, func() { source.blocks(time.Second) }, long},
	} {
		got := r.node.most(r.goes)
		t.Logf("%s: %.1f MiB of anonymous memory at most, limit %g", r.name, got, r.limit)
		if got > r.limit {
			t.Errorf("%s: %.1f MiB of anonymous memory, want %g at most", r.name, got, r.limit)
		}
	}
}

// An image is the program and a base of certificates and time zones, which has less than a megabyte.
func TestMeasuredSizeOfTheImage(t *testing.T) {
	const limit, base = 12e6, 1e6
	file := filepath.Join(t.TempDir(), "toyblc")
	build := exec.Command("go", "build", "-ldflags=-s -w", "-o", file, ".") // as .ko.yaml has it
	build.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOARCH=amd64")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	program, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer program.Close()
	var size counter
	layer := gzip.NewWriter(&size)
	if _, err := io.Copy(layer, program); err != nil {
		t.Fatal(err)
	}
	if err := layer.Close(); err != nil {
		t.Fatal(err)
	}
	t.Logf("the program has %.1f MB in its layer, the base 1 MB at most, limit %g", float64(size)/1e6, limit/1e6)
	if float64(size)+base > limit {
		t.Fatalf("the image has %.1f MB, want %g at most", (float64(size)+base)/1e6, limit/1e6)
	}
}

// counter counts what is written to it.
type counter int64

func (c *counter) Write(p []byte) (int, error) {
	*c += counter(len(p))
	return len(p), nil
}
