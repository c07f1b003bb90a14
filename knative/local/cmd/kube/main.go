// Command kube is a Kubernetes API without a cluster: etcd, the API server and the three controllers that
// objects need to live and die properly, in one process that keeps everything in one folder.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"

	"onex.io/onex/knative/local/apiserver"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "kube:", err)
		os.Exit(1)
	}
}

func run() error {
	state := flag.String("state", ".onex/kube", "folder that keeps the cluster: data, keys, ports and kubeconfig")
	fsync := flag.Bool("fsync", false, "survive a power cut, not just a killed process; every write waits for the disk")
	child := flag.Bool("child", false, "stop when standard input ends, which it does when the program holding it is gone")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if *child {
		ctx = untilEOF(ctx, os.Stdin)
	}
	return apiserver.Run(ctx, apiserver.Options{State: *state, Fsync: *fsync, Ready: func(host string) {
		fmt.Println("ready", host)
		slim()
	}})
}

// slim gives back what only the start needed, and has the collector run more often from here on: an idle server
// stays a third smaller for it.
func slim() {
	debug.SetGCPercent(30)
	debug.FreeOSMemory()
}

// untilEOF ends with ctx or with r, whichever comes first.
func untilEOF(ctx context.Context, r io.Reader) context.Context {
	ctx, cancel := context.WithCancel(ctx)
	go func() {
		defer cancel()
		_, _ = io.Copy(io.Discard, r)
	}()
	return ctx
}
