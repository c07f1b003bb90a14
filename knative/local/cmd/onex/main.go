// Command onex is the whole platform on this machine. It starts, plays the main job once in a new state folder, and
// stays up until it is interrupted.
package main

import (
	"context"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"k8s.io/klog/v2"

	"onex.io/onex/knative/local/runner"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, stop); err != nil {
		fmt.Fprintln(os.Stderr, "onex:", err)
		os.Exit(1)
	}
}

func options() (o runner.Options, mode string) {
	flag.StringVar(&o.State, "state", ".onex", "folder of everything that is kept")
	flag.StringVar(&o.Kube.Bin, "kube", "bin/kube", "the built API server program")
	flag.StringVar(&o.Kube.Assets, "kube-assets", "", "folder with kube-apiserver and etcd, to use instead")
	flag.StringVar(&o.Kube.Kubeconfig, "kube-config", "", "kubeconfig of a bare API server that runs already, to use instead")
	flag.StringVar(&o.Toyblc, "toyblc", "bin/toyblc", "the built chain node program")
	flag.StringVar(&o.Functions, "functions", "bin/functions", "the built functions program, for -isolate")
	flag.BoolVar(&o.Isolate, "isolate", false, "run each operation in processes of its own, from zero and back, as a cluster does")
	flag.StringVar(&o.Triggers, "triggers", "triggers", "folder that says who wakes on what")
	flag.StringVar(&o.CRDs, "crds", "knative/crds", "folder with the definitions of the kinds")
	flag.StringVar(&o.Addr, "addr", "127.0.0.1:8080", "where the gateway listens; when taken, a free port is used")
	flag.StringVar(&mode, "demo", demoOn, "on: play the main job once, in a new state folder; off: never; only: play it and stop")
	flag.Parse()
	return o, mode
}

func run(ctx context.Context, stop func()) error {
	o, mode := options()
	for _, path := range []*string{&o.State, &o.Kube.Bin, &o.Toyblc, &o.Functions, &o.Triggers, &o.CRDs} {
		absolute, err := filepath.Abs(*path)
		if err != nil {
			return fmt.Errorf("path %q: %w", *path, err)
		}
		*path = absolute
	}
	log, err := logFile(o.State)
	if err != nil {
		return err
	}
	defer log.Close()
	o.Log = slog.New(slog.NewJSONHandler(log, nil))
	klog.SetSlogLogger(o.Log) // what Kubernetes' libraries say is no more for the terminal than what we say
	began := time.Now()
	p, err := runner.Start(ctx, o)
	if err != nil {
		return err
	}
	defer p.Close()
	fmt.Printf("%6.1fs  ready: %s  (logs in %s)\n", time.Since(began).Seconds(), p.Addr(), filepath.Dir(log.Name()))
	if err := demo(ctx, mode, o.State, p); err != nil || mode == demoOnly {
		return err
	}
	fmt.Printf("\nup at %s until Ctrl-C; to join in from another shell:  source %s\n", p.Addr(), filepath.Join(o.State, "env"))
	err = p.Wait(ctx)
	stop() // a second Ctrl-C ends at once
	fmt.Println("stopping")
	return err
}

func logFile(state string) (*os.File, error) {
	dir := filepath.Join(state, "logs")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("log folder %q: %w", dir, err)
	}
	f, err := os.OpenFile(filepath.Join(dir, "platform.log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, fmt.Errorf("log file: %w", err)
	}
	return f, nil
}
