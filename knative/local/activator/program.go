package activator

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"time"

	"onex.io/onex/knative/local/proc"
)

const (
	// port is where an operation answers, at an address of its own, as in a pod.
	port = "8080"
	// startLimit bounds the time from exec to the first good answer of the health route.
	startLimit = 30 * time.Second
	// healthEvery is between two questions to a process that starts: starts are counted in milliseconds.
	healthEvery = 2 * time.Millisecond
	// stopGrace is a little more than the drain of shared/serve takes at most.
	stopGrace = 25 * time.Second
	// maxLog is the size beyond which a log is put aside when its operation starts again.
	maxLog = 16 << 20
)

// Addresses lends loopback addresses, one for each process.
type Addresses interface {
	Lend() (addr string, giveBack func(), err error)
}

// Program is the functions program, which is every operation: FUNCTION_TARGET says which.
type Program struct {
	// Path is the built program.
	Path string
	// Env is the environment of an operation's processes, as NAME=value. They get nothing else but FUNCTION_TARGET,
	// PORT, PATH and HOME.
	Env func(operation string) []string
	// Logs is the folder of the operations' logs; it is made if need be.
	Logs      string
	Addresses Addresses
	Log       *slog.Logger
}

// process is a running process of an operation.
type process struct {
	*proc.Process
	addr string // host and port
}

// start starts a process; it does not wait until it answers.
func (p *Program) start(operation string) (*process, error) {
	log, err := p.openLog(operation)
	if err != nil {
		return nil, err
	}
	defer log.Close() // the process has its own copy
	host, giveBack, err := p.Addresses.Lend()
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", operation, err)
	}
	addr := net.JoinHostPort(host, port)
	cmd := exec.Command(p.Path)
	cmd.Env = append(slices.Clone(p.Env(operation)), "FUNCTION_TARGET="+operation, "PORT="+addr,
		"PATH="+os.Getenv("PATH"), "HOME="+p.Logs)
	cmd.Stdout, cmd.Stderr = log, log
	started, err := proc.Start(cmd)
	if err != nil {
		giveBack()
		return nil, fmt.Errorf("start %s: %w", operation, err)
	}
	go func() { <-started.Done(); giveBack() }()
	return &process{started, addr}, nil
}

func (p *Program) openLog(operation string) (*os.File, error) {
	if err := os.MkdirAll(p.Logs, 0o700); err != nil {
		return nil, fmt.Errorf("log folder %q: %w", p.Logs, err)
	}
	path := filepath.Join(p.Logs, operation+".log")
	if info, err := os.Stat(path); err == nil && info.Size() > maxLog {
		_ = os.Rename(path, path+".old") // at worst the log stays long
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return nil, fmt.Errorf("log of %s: %w", operation, err)
	}
	return f, nil
}

// awaitHealth returns when the process answers its health route, or will not.
func awaitHealth(ctx context.Context, p *process, transport http.RoundTripper) error {
	ctx, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	tick := time.NewTicker(healthEvery)
	defer tick.Stop()
	for {
		if healthy(ctx, p, transport) {
			return nil
		}
		select {
		case <-p.Done():
			return fmt.Errorf("it ended while it started: %w", ended(p))
		case <-ctx.Done():
			return fmt.Errorf("it does not answer: %w", ctx.Err())
		case <-tick.C:
		}
	}
}

func healthy(ctx context.Context, p *process, transport http.RoundTripper) bool {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+p.addr+"/healthz", nil)
	if err != nil {
		return false
	}
	response, err := transport.RoundTrip(request)
	if err != nil {
		return false
	}
	response.Body.Close()
	return response.StatusCode == http.StatusOK
}

// ended is what a process ended of; an end without an error is one, too, for nobody asked for it.
func ended(p *process) error {
	if err := p.Err(); err != nil {
		return err
	}
	return errors.New("exit status 0")
}

// Stream runs an operation that a topic wakes until ctx ends, and lets it end its work. It fits the scaler.
func (p *Program) Stream(ctx context.Context, operation string) error {
	started, err := p.start(operation)
	if err != nil {
		return err
	}
	p.Log.Info("stream started", "operation", operation, "pid", started.PID())
	select {
	case <-started.Done():
		return fmt.Errorf("stream %s ended: %w", operation, ended(started))
	case <-ctx.Done():
		started.Stop(stopGrace)
		return nil
	}
}
