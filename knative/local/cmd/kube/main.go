// Command kube is a Kubernetes API without a cluster: etcd, the API server and the three controllers that
// objects need to live and die properly, in one process that keeps everything in one folder.
//
// Called by the name etcd or kube-apiserver it is that program alone, with its flags: two links to it make a folder as
// KUBEBUILDER_ASSETS names one, and so what uses such a folder can be tested without a download.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"runtime/debug"
	"syscall"

	"k8s.io/kubernetes/cmd/kube-apiserver/app"

	"onex.io/onex/knative/local/apiserver"
)

func main() {
	name := filepath.Base(os.Args[0])
	if err := program(name)(); err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v\n", name, err)
		os.Exit(1)
	}
}

// program is what the command is under a name.
func program(name string) func() error {
	switch name {
	case "etcd":
		return etcd
	case "kube-apiserver":
		return app.NewAPIServerCommand().Execute
	default:
		return run
	}
}

func etcd() error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	return apiserver.RunEtcd(ctx, os.Args[1:])
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
