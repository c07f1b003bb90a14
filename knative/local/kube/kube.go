// Package kube starts the API server program, waits until it serves, and stops it.
package kube

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	"onex.io/onex/knative/local/proc"
)

// ErrEnded is the cause when the API server ended without being told to.
var ErrEnded = errors.New("API server ended")

// Options says which program to start and where it keeps its state.
type Options struct {
	// Bin is the path of the built cmd/kube.
	Bin string
	// State is the folder of the API server alone; it is made if need be.
	State string
	// Fsync makes state survive a power cut, not just a killed process.
	Fsync bool
}

// Server is a running API server.
type Server struct {
	state  string
	host   string
	proc   *proc.Process
	stdin  io.Closer
	stderr *tail
}

// Start starts the program and returns when the API answers; when ctx ends first, nothing is left running.
func Start(ctx context.Context, o Options) (*Server, error) {
	state, err := filepath.Abs(o.State)
	if err != nil {
		return nil, fmt.Errorf("resolve state folder %q: %w", o.State, err)
	}
	cmd := exec.Command(o.Bin, "--child", "--state", state, fmt.Sprintf("--fsync=%t", o.Fsync))
	s := &Server{state: state, stderr: &tail{}}
	cmd.Stderr = s.stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return nil, fmt.Errorf("open pipe to API server: %w", err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("open pipe from API server: %w", err)
	}
	s.stdin = stdin
	if s.proc, err = proc.Start(cmd); err != nil {
		return nil, fmt.Errorf("start API server: %w", err)
	}
	return s, s.awaitReady(ctx, stdout)
}

func (s *Server) awaitReady(ctx context.Context, stdout io.Reader) error {
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
	case s.host = <-host:
		return nil
	case <-s.proc.Done():
		return s.Err()
	case <-ctx.Done():
		s.Close()
		return fmt.Errorf("await API server: %w", ctx.Err())
	}
}

// Host is the server's base address, like https://127.0.0.1:44859.
func (s *Server) Host() string { return s.host }

// PID is the process id of the program.
func (s *Server) PID() int { return s.proc.PID() }

// Kubeconfig is the path of a file with which kubectl and client-go reach the server as administrator.
func (s *Server) Kubeconfig() string { return filepath.Join(s.state, "kubeconfig") }

// Config is the kubeconfig for client-go, without client-side limits: the one server is ours alone.
func (s *Server) Config() (*rest.Config, error) {
	c, err := clientcmd.BuildConfigFromFlags("", s.Kubeconfig())
	if err != nil {
		return nil, fmt.Errorf("read kubeconfig: %w", err)
	}
	c.QPS = -1
	return c, nil
}

// Done is closed when the program has ended.
func (s *Server) Done() <-chan struct{} { return s.proc.Done() }

// Err says why the program ended, with the last it said; it is nil while it runs.
func (s *Server) Err() error {
	select {
	case <-s.proc.Done():
		return fmt.Errorf("%w: %v: %s", ErrEnded, s.proc.State(), s.stderr)
	default:
		return nil
	}
}

// Close stops the program and returns when it is gone.
func (s *Server) Close() {
	_ = s.stdin.Close()
	s.proc.Stop(20 * time.Second)
}

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
