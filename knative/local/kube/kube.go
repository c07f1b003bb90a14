// Package kube provides the Kubernetes API that the platform stands on: by a program of ours, by the programs of a
// folder such as KUBEBUILDER_ASSETS, or by whoever a kubeconfig names.
package kube

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
)

// ErrEnded is the cause when the API server ended without being told to.
var ErrEnded = errors.New("API server ended")

// Options says which API server to use and where it keeps its state. The first that is set of Kubeconfig, Assets and
// Bin counts.
type Options struct {
	// Kubeconfig names a bare API server that somebody else runs.
	Kubeconfig string
	// Assets is a folder with the programs kube-apiserver and etcd.
	Assets string
	// Bin is the path of the built cmd/kube.
	Bin string
	// State is the folder of the API server alone; it is made if need be.
	State string
	// Fsync makes state survive a power cut, not just a killed process.
	Fsync bool
}

// Server is an API server, with the controllers that objects need to live and die properly.
type Server struct {
	host       string
	kubeconfig string
	parts      parts
}

// parts are what an API server is made of here.
type parts interface {
	PID() int
	Done() <-chan struct{}
	Err() error
	Close()
}

// Start starts the API server and returns when it answers; when ctx ends first, nothing is left running.
func Start(ctx context.Context, o Options) (*Server, error) {
	state, err := filepath.Abs(o.State)
	if err != nil {
		return nil, fmt.Errorf("resolve state folder %q: %w", o.State, err)
	}
	o.State = state
	switch {
	case o.Kubeconfig != "":
		return attach(ctx, o)
	case o.Assets != "":
		return startAssets(ctx, o)
	default:
		return startProgram(ctx, o)
	}
}

// Host is the server's base address, like https://127.0.0.1:44859.
func (s *Server) Host() string { return s.host }

// PID is the process id of the API server; zero for one that somebody else runs.
func (s *Server) PID() int { return s.parts.PID() }

// Kubeconfig is the path of a file with which kubectl and client-go reach the server as administrator.
func (s *Server) Kubeconfig() string { return s.kubeconfig }

// Config is the kubeconfig for client-go, without client-side limits: the one server is ours alone.
func (s *Server) Config() (*rest.Config, error) {
	c, err := clientcmd.BuildConfigFromFlags("", s.kubeconfig)
	if err != nil {
		return nil, fmt.Errorf("read kubeconfig: %w", err)
	}
	c.QPS = -1
	return c, nil
}

// Done is closed when the server has ended.
func (s *Server) Done() <-chan struct{} { return s.parts.Done() }

// Err says why the server ended, with the last it said; it is nil while it runs.
func (s *Server) Err() error { return s.parts.Err() }

// Close stops what was started and returns when it is gone.
func (s *Server) Close() { s.parts.Close() }
