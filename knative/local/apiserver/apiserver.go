// Package apiserver runs a real kube-apiserver, its etcd and the garbage collector, namespace and service-account
// controllers inside one process, with everything they keep in one folder.
package apiserver

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"github.com/spf13/pflag"
	"go.etcd.io/etcd/server/v3/embed"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/kubernetes/cmd/kube-apiserver/app"
	"k8s.io/kubernetes/cmd/kube-apiserver/app/options"

	"onex.io/onex/knative/local/controllers"
	"onex.io/onex/knative/local/kube/seat"
)

// Options says where the server keeps its state and whom it tells that it serves.
type Options struct {
	// State is the folder; it is made if need be. One server at a time uses it.
	State string
	// Fsync makes every write reach the disk before it is acknowledged.
	Fsync bool
	// Ready is called once, with the server's address, when requests are answered and the kubeconfig is written.
	Ready func(host string)
}

// Run serves until ctx ends or a part fails, and returns when all parts are down.
func Run(ctx context.Context, o Options) error {
	dir, err := filepath.Abs(o.State)
	if err != nil {
		return fmt.Errorf("resolve state folder %q: %w", o.State, err)
	}
	unlock, err := seat.Lock(ctx, dir)
	if err != nil {
		return err
	}
	defer unlock()
	logs, err := logTo(filepath.Join(dir, "kube.log"))
	if err != nil {
		return err
	}
	defer logs.Close()
	id, err := seat.Load(dir)
	if err != nil {
		return err
	}
	etcd, err := startEtcd(ctx, etcdOptions{dir: dir, fsync: o.Fsync, log: logs.Name()})
	if err != nil {
		return err
	}
	defer etcd.Close()
	return serve(ctx, id, etcd, o.Ready)
}

// serve runs the API server on top of etcd, and the controllers on top of the API server.
func serve(ctx context.Context, id *seat.Seat, etcd *embed.Etcd, ready func(string)) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	done := make(chan error, 1)
	if err := startServer(ctx, id, etcd.Clients[0].Addr().String(), done); err != nil {
		return err
	}
	client, err := awaitReady(ctx, id, done)
	if err != nil {
		cancel()
		return err
	}
	cfg := id.Config()
	err = announce(ctx, id, cfg, client)
	if err == nil && ready != nil {
		ready(cfg.Host)
	}
	if err != nil {
		cancel()
	}
	select {
	case serr := <-done:
		return errors.Join(err, stopped(ctx, serr))
	case eerr := <-etcd.Err():
		cancel()
		<-done
		return fmt.Errorf("run etcd: %w", eerr)
	}
}

// stopped tells an end that was asked for from one that was not.
func stopped(ctx context.Context, err error) error {
	if ctx.Err() != nil && err == nil {
		return nil
	}
	if err == nil {
		err = errors.New("ended by itself")
	}
	return fmt.Errorf("run API server: %w", err)
}

// announce starts the controllers and writes the kubeconfig, which tells whoever looks for it that the API serves.
func announce(ctx context.Context, id *seat.Seat, cfg *rest.Config, client kubernetes.Interface) error {
	if err := controllers.Start(ctx, cfg, client); err != nil {
		return err
	}
	return id.WriteKubeconfig(cfg)
}

// startServer completes the options as the command-line program would, without its process-wide signal handler.
func startServer(ctx context.Context, id *seat.Seat, etcd string, done chan<- error) error {
	s := options.NewServerRunOptions()
	fs := pflag.NewFlagSet("kube-apiserver", pflag.ContinueOnError)
	for _, f := range s.Flags().FlagSets {
		fs.AddFlagSet(f)
	}
	if err := fs.Parse(id.Flags(etcd)); err != nil {
		return fmt.Errorf("parse API server flags: %w", err)
	}
	if err := s.GenericServerRunOptions.ComponentGlobalsRegistry.Set(); err != nil {
		return fmt.Errorf("set API server features: %w", err)
	}
	completed, err := s.Complete(ctx)
	if err != nil {
		return fmt.Errorf("complete API server options: %w", err)
	}
	if errs := completed.Validate(); len(errs) > 0 {
		return fmt.Errorf("check API server options: %w", errors.Join(errs...))
	}
	go func() { done <- app.Run(ctx, completed) }()
	return nil
}

// awaitReady asks until the server is ready, or has ended.
func awaitReady(ctx context.Context, id *seat.Seat, done <-chan error) (kubernetes.Interface, error) {
	tick := time.NewTicker(25 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case err := <-done:
			return nil, stopped(ctx, err)
		case <-tick.C:
		}
		if client, err := id.Ready(ctx); err == nil {
			return client, nil
		}
	}
}
