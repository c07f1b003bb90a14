package main

import (
	"bufio"
	"crypto/ed25519"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"onex.io/onex/toyblc/block"
	"onex.io/onex/toyblc/node"
)

// process is a node as a process of its own, which can be killed and started again.
type process struct {
	t         *testing.T
	args      string
	http, p2p string
	dir       string
	cmd       *exec.Cmd
}

// genesis is the time of every test chain, and so part of its identity.
const genesis = 1_700_000_000

func params(interval time.Duration) block.Params {
	return block.Params{ChainID: "c", Time: time.Unix(genesis, 0), Interval: interval}
}

// start runs a node on free ports and a new disk.
func start(t *testing.T, args string) *process {
	t.Helper()
	p := &process{t: t, args: args, http: freePort(t), p2p: freePort(t), dir: t.TempDir()}
	p.run()
	return p
}

// run starts the process and waits until it answers.
func (p *process) run() {
	p.t.Helper()
	p.begin()
	waitHealthy(p.t, p.http)
}

// begin starts the process.
func (p *process) begin() {
	p.t.Helper()
	p.cmd = program(p.t, fmt.Sprintf("--chain-id=c --genesis-time=%d --p2p-addr=%s --http.addr=%s --data-dir=%s %s",
		genesis, p.p2p, p.http, p.dir, p.args))
}

// kill is kill -9.
func (p *process) kill() {
	p.t.Helper()
	if err := p.cmd.Process.Kill(); err != nil {
		p.t.Fatal(err)
	}
	_ = p.cmd.Wait() // it was killed, and says so
}

func (p *process) get(path string, into any) {
	p.t.Helper()
	resp, err := http.Get("http://" + p.http + path)
	if err != nil {
		p.t.Fatal(err)
	}
	defer resp.Body.Close()
	if err := json.NewDecoder(resp.Body).Decode(into); err != nil {
		p.t.Fatalf("GET %s: %v", path, err)
	}
}

func (p *process) status() (s node.Status) {
	p.t.Helper()
	p.get("/v1/status", &s)
	return s
}

// blocks reads the whole chain and wants it to keep the rules.
func (p *process) blocks(interval time.Duration) (all []block.Block) {
	p.t.Helper()
	for {
		var page []block.Block
		p.get(fmt.Sprintf("/v1/blocks?from=%d&limit=500", len(all)), &page)
		if len(page) == 0 {
			break
		}
		all = append(all, page...)
	}
	v, err := block.NewVerifier(params(interval))
	if err != nil {
		p.t.Fatal(err)
	}
	if _, err := v.Add(time.Now(), all[1:]...); err != nil {
		p.t.Fatal(err)
	}
	return all
}

// metric reads one number from /metrics.
func (p *process) metric(name string) float64 {
	p.t.Helper()
	resp, err := http.Get("http://" + p.http + "/metrics")
	if err != nil {
		p.t.Fatal(err)
	}
	defer resp.Body.Close()
	for lines := bufio.NewScanner(resp.Body); lines.Scan(); {
		if text, ok := strings.CutPrefix(lines.Text(), name+" "); ok {
			value, err := strconv.ParseFloat(text, 64)
			if err != nil {
				p.t.Fatal(err)
			}
			return value
		}
	}
	p.t.Fatalf("no metric %q", name)
	return 0
}

func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	until(t, time.Minute, what, holds)
}

// until waits for as long as it may take.
func until(t *testing.T, limit time.Duration, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(limit); !holds(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("in vain: %s", what)
		}
	}
}

// miner is the part of a command line that makes a node mine with a key of its own.
func miner(t *testing.T, name string, share float64) string {
	t.Helper()
	seed := []byte((name + strings.Repeat(".", ed25519.SeedSize))[:ed25519.SeedSize])
	der, err := x509.MarshalPKCS8PrivateKey(ed25519.NewKeyFromSeed(seed))
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "key.pem")
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("--miner --address=%s --key-file=%s --cpu-share=%g ", name, file, share)
}

// A chain with an interval of an hour is busy with nothing but hashing: what the
// process uses is what the miner spends.
func TestAMinerUsesLessThanItsShareOfCPU(t *testing.T) {
	const share, seconds = 0.25, 4
	p := start(t, miner(t, "user-a", share)+"--min-mine-interval=1h")
	eventually(t, "it hashes", func() bool { return p.status().HashRate > 0 })
	before, began := p.metric("process_cpu_seconds_total"), time.Now()
	time.Sleep(seconds * time.Second) // what is measured is a rate
	used, passed := p.metric("process_cpu_seconds_total")-before, time.Since(began).Seconds()
	t.Logf("used %.3f s of CPU in %.3f s", used, passed)
	if used > 0.92*share*passed {
		t.Fatalf("used %.3f s of CPU in %.3f s, want no more than 80 %% of %g and a little for the rest", used, passed, share)
	}
	if used < 0.1*share*passed {
		t.Fatalf("used %.3f s of CPU in %.3f s, want it to work", used, passed)
	}
}
