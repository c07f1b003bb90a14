// Command bench measures what the platform adds to a program of net/http alone: to its start, and to each request.
// Both are built alike and measured in turn, in one run. Of what a function stands on, nothing is there.
//
//	go run ./scripts/bench [-n 20]
package main

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"onex.io/onex/shared/config"
)

func main() {
	n := flag.Int("n", 20, "how often each program is started")
	flag.Parse()
	if err := run(*n); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// longestStart is how long a function may take from exec to its first answer, in the median.
const longestStart = 25 * time.Millisecond

// targets lean on different things: the store, the object API, a password hash, the broker, the other operations.
func targets() []string {
	return []string{"get-wallet", "create-minerset", "login", "grant-gift", "gateway"}
}

func run(n int) error {
	dir, err := os.MkdirTemp("", "onex-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	bare, functions := program{name: "net/http alone", file: filepath.Join(dir, "bare")}, filepath.Join(dir, "functions")
	if err := build(bare.file, "./scripts/bench/bare"); err != nil {
		return err
	}
	if err := build(functions, "./functions"); err != nil {
		return err
	}
	programs, err := withFunctions(bare, functions)
	if err != nil {
		return err
	}
	fmt.Printf("bench of %s, %s, %d cores; load %s\n\n", time.Now().UTC().Format(time.DateOnly), runtime.Version(), runtime.NumCPU(), load())
	if err := compareStarts(programs, n); err != nil {
		return err
	}
	return compareRequests(bare, programs[1], programs[len(programs)-1])
}

// build builds a program as an image has it.
func build(file, folder string) error {
	command := exec.Command("go", "build", "-tags=grpcnotrace", "-ldflags=-s -w", "-o", file, folder)
	command.Env, command.Stderr = append(os.Environ(), "CGO_ENABLED=0", "GOWORK=off"), os.Stderr
	if err := command.Run(); err != nil {
		return fmt.Errorf("build %s: %w", folder, err)
	}
	return nil
}

// withFunctions is the bare program and one for each target. What they are told to stand on does not answer.
func withFunctions(bare program, file string) ([]program, error) {
	keys, err := config.NewKeys()
	if err != nil {
		return nil, err
	}
	env := []string{"ONEX_MONGO=mongodb://127.0.0.1:1", "ONEX_REDIS=127.0.0.1:1", "ONEX_KAFKA=127.0.0.1:1"}
	for name, v := range keys {
		env = append(env, name+"="+v)
	}
	kubeconfig := filepath.Join(filepath.Dir(file), "kubeconfig")
	env = append(env, "KUBECONFIG="+kubeconfig)
	programs := []program{bare}
	for _, target := range targets() {
		programs = append(programs, program{name: target, file: file, env: append(env[:len(env):len(env)], "FUNCTION_TARGET="+target)})
	}
	return programs, os.WriteFile(kubeconfig, []byte(nowhere), 0o600)
}

// nowhere is the configuration of an object API that does not answer.
const nowhere = `apiVersion: v1
kind: Config
current-context: x
clusters: [{name: x, cluster: {server: "https://127.0.0.1:1"}}]
contexts: [{name: x, context: {cluster: x, user: x}}]
users: [{name: x, user: {token: x}}]
`

// load is the machine's load average over a minute: on a busy one, figures mean little.
func load() string {
	text, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return "unknown"
	}
	first, _, _ := strings.Cut(string(text), " ")
	return first
}
