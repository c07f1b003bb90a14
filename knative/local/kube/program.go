package kube

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"onex.io/onex/knative/local/proc"
)

// program is cmd/kube: etcd, API server and controllers in one process.
type program struct {
	*proc.Process
	stdin  io.Closer
	stderr *tail
}

// startProgram starts the program and returns when the API answers.
func startProgram(ctx context.Context, o Options) (*Server, error) {
	cmd := exec.Command(o.Bin, "--child", "--state", o.State, fmt.Sprintf("--fsync=%t", o.Fsync))
	p := &program{stderr: &tail{}}
	cmd.Stderr = p.stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return nil, fmt.Errorf("open pipe to API server: %w", err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("open pipe from API server: %w", err)
	}
	p.stdin = stdin
	if p.Process, err = proc.Start(cmd); err != nil {
		return nil, fmt.Errorf("start API server: %w", err)
	}
	host, err := p.awaitReady(ctx, stdout)
	return &Server{host: host, kubeconfig: filepath.Join(o.State, "kubeconfig"), parts: p}, err
}

func (p *program) awaitReady(ctx context.Context, stdout io.Reader) (string, error) {
	host := make(chan string, 1)
	go func() {
		lines := bufio.NewScanner(stdout)
		for lines.Scan() {
			if h, ok := strings.CutPrefix(lines.Text(), "ready "); ok {
				host <- h
			}
		}
	}()
	select {
	case h := <-host:
		return h, nil
	case <-p.Done():
		return "", p.Err()
	case <-ctx.Done():
		p.Close()
		return "", fmt.Errorf("await API server: %w", ctx.Err())
	}
}

// Err says why the program ended, with the last it said; it is nil while it runs.
func (p *program) Err() error {
	select {
	case <-p.Done():
		return fmt.Errorf("%w: %v: %s", ErrEnded, p.State(), p.stderr)
	default:
		return nil
	}
}

// Close stops the program and returns when it is gone.
func (p *program) Close() {
	_ = p.stdin.Close()
	p.Stop(stopGrace)
}

// stopGrace is how long an API server gets to end.
const stopGrace = 20 * time.Second

// tail keeps the last that was written.
type tail struct {
	mu sync.Mutex
	b  []byte
}

const tailSize = 4 << 10

// Write keeps the end of what it is given.
func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.b = append(t.b, p...)
	if len(t.b) > tailSize {
		t.b = append([]byte(nil), t.b[len(t.b)-tailSize:]...)
	}
	return len(p), nil
}

// String is what was kept.
func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(bytes.TrimSpace(t.b))
}
