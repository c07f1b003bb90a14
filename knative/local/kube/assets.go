package kube

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"onex.io/onex/knative/local/controllers"
	"onex.io/onex/knative/local/kube/seat"
	"onex.io/onex/knative/local/proc"
)

// assets are the programs of a folder: etcd, and an API server on top of it. The controllers run in this process.
type assets struct {
	seat   *seat.Seat
	log    *os.File
	unlock func()
	stop   context.CancelFunc // of the controllers
	etcd   *proc.Process
	api    *proc.Process
	done   chan struct{} // closed when one of the two has ended
}

// startAssets starts the programs and returns when the API answers.
func startAssets(ctx context.Context, o Options) (s *Server, err error) {
	unlock, err := seat.Lock(ctx, o.State)
	if err != nil {
		return nil, err
	}
	a := &assets{unlock: unlock, done: make(chan struct{}), stop: func() {}}
	defer func() {
		if err != nil {
			a.Close()
		}
	}()
	if a.seat, err = seat.Load(o.State); err != nil {
		return nil, err
	}
	// Its name is that of the log of cmd/kube, for it says the same.
	if a.log, err = os.OpenFile(filepath.Join(o.State, "kube.log"), os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600); err != nil {
		return nil, fmt.Errorf("log of API server: %w", err)
	}
	if err := a.start(o); err != nil {
		return nil, err
	}
	if err := a.serve(ctx); err != nil {
		return nil, err
	}
	return &Server{host: a.seat.Config().Host, kubeconfig: a.seat.Kubeconfig(), parts: a}, nil
}

// start starts both programs.
func (a *assets) start(o Options) error {
	port, err := seat.FreePort()
	if err != nil {
		return err
	}
	addr := fmt.Sprint("127.0.0.1:", port)
	if a.etcd, err = a.run(filepath.Join(o.Assets, "etcd"), etcdFlags(o, addr)...); err != nil {
		return err
	}
	if a.api, err = a.run(filepath.Join(o.Assets, "kube-apiserver"), a.seat.Flags(addr)...); err != nil {
		return err
	}
	go func() {
		select {
		case <-a.etcd.Done():
			a.api.Stop(stopGrace) // it would only wait
		case <-a.api.Done():
		}
		close(a.done)
	}()
	return nil
}

func etcdFlags(o Options, addr string) []string {
	return []string{
		"--data-dir=" + filepath.Join(o.State, "etcd"), "--listen-client-urls=http://" + addr, "--advertise-client-urls=http://" + addr,
		// Nobody ever dials its peer address.
		"--listen-peer-urls=http://127.0.0.1:0", "--initial-advertise-peer-urls=http://localhost:0", "--initial-cluster=default=http://localhost:0",
		"--auto-compaction-mode=periodic", "--auto-compaction-retention=10m", "--log-level=error", fmt.Sprintf("--unsafe-no-fsync=%t", !o.Fsync),
	}
}

func (a *assets) run(path string, flags ...string) (*proc.Process, error) {
	cmd := exec.Command(path, flags...)
	cmd.Stdout, cmd.Stderr = a.log, a.log
	p, err := proc.Start(cmd)
	if err != nil {
		return nil, fmt.Errorf("%w; the folder must have kube-apiserver and etcd", err)
	}
	return p, nil
}

// serve waits until the API answers, starts the controllers, and writes the kubeconfig.
func (a *assets) serve(ctx context.Context) error {
	tick := time.NewTicker(25 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-a.done:
			return a.Err()
		case <-ctx.Done():
			return fmt.Errorf("await API server: %w", ctx.Err())
		case <-tick.C:
		}
		client, err := a.seat.Ready(ctx)
		if err != nil {
			continue
		}
		running, stop := context.WithCancel(context.WithoutCancel(ctx))
		a.stop = stop
		if err := controllers.Start(running, a.seat.Config(), client); err != nil {
			return err
		}
		return a.seat.WriteKubeconfig(a.seat.Config())
	}
}

// PID is the API server's.
func (a *assets) PID() int { return a.api.PID() }

// Done is closed when one of the programs has ended.
func (a *assets) Done() <-chan struct{} { return a.done }

// Err says which of the programs ended, and where its log is.
func (a *assets) Err() error {
	select {
	case <-a.done:
	default:
		return nil
	}
	which := errors.New("kube-apiserver")
	if a.etcd.State() != nil {
		which = errors.New("etcd")
	}
	return fmt.Errorf("%w: %w; see %s", ErrEnded, which, a.log.Name())
}

// Close stops the controllers, the API server and etcd, in this order.
func (a *assets) Close() {
	a.stop()
	for _, p := range []*proc.Process{a.api, a.etcd} {
		if p != nil {
			p.Stop(stopGrace)
		}
	}
	if a.log != nil {
		a.log.Close()
	}
	a.unlock()
}
