package main

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"onex.io/onex/toyblc/node"
)

// TestMain lets this test binary be the program: with TOYBLC_TEST_ARGS it runs
// main instead of the tests.
func TestMain(m *testing.M) {
	if args := os.Getenv("TOYBLC_TEST_ARGS"); args != "" {
		os.Exit(run(strings.Fields(args)))
	}
	os.Exit(m.Run())
}

// program starts the program as a process of its own.
func program(t *testing.T, args string) *exec.Cmd {
	t.Helper()
	c := exec.Command(os.Args[0])
	c.Env = append(os.Environ(), "TOYBLC_TEST_ARGS="+args)
	c.Stderr = os.Stderr
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Process.Kill(); c.Wait() })
	return c
}

func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

func waitHealthy(t *testing.T, address string) (s node.Status) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		resp, err := http.Get("http://" + address + "/v1/status")
		if err != nil {
			continue
		}
		defer resp.Body.Close()
		if err := json.NewDecoder(resp.Body).Decode(&s); err != nil {
			t.Fatal(err)
		}
		return s
	}
	t.Fatal("the program does not answer")
	return s
}

func TestTheProgramStopsCleanlyOnSIGTERMAndSurvivesSIGKILL(t *testing.T) {
	address := freePort(t)
	args := fmt.Sprintf("--chain-id=c --genesis-time=1700000000 --p2p-addr=127.0.0.1:0 --http.addr=%s --data-dir=%s", address, t.TempDir())
	killed := program(t, args)
	before := waitHealthy(t, address)
	if err := killed.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = killed.Wait() // it was killed, and says so
	stopped := program(t, args)
	if after := waitHealthy(t, address); after.Head != before.Head {
		t.Fatalf("head is %s after the kill, want %s", after.Head, before.Head)
	}
	begin := time.Now()
	if err := stopped.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := stopped.Wait(); err != nil {
		t.Fatalf("after SIGTERM: %v, want exit code 0", err)
	}
	if took := time.Since(begin); took > 2*time.Second {
		t.Fatalf("stopping took %s, want less than two seconds", took)
	}
}

func TestExitCodes(t *testing.T) {
	for _, r := range []struct {
		name, args string
		want       int
	}{
		{"help is no error", "--help", 0},
		{"a tool's help is no error", "verify -h", 0},
		{"a wrong tool's command line is 2", "key", 2},
		{"a tool that cannot do it is 1", "verify nowhere", 1},
		{"a tool that can is 0", "key " + filepath.Join(t.TempDir(), "key.pem"), 0},
		{"a wrong command line is 2", "--chain-id=c", 2},
		{"a node that cannot start is 1", "--chain-id=c --genesis-time=1700000000 --data-dir=main_test.go", 1},
	} {
		t.Run(r.name, func(t *testing.T) {
			if got := run(strings.Fields(r.args)); got != r.want {
				t.Fatalf("exit code %d, want %d", got, r.want)
			}
		})
	}
}
