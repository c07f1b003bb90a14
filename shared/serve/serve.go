// Package serve runs operations in a process: through functions-framework-go, with the drain that the framework
// does not have.
package serve

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"sync"
	"time"

	"github.com/GoogleCloudPlatform/functions-framework-go/funcframework"
	"github.com/GoogleCloudPlatform/functions-framework-go/functions"

	"onex.io/onex/shared/op"
	"onex.io/onex/shared/platform"
)

// Grace is how long work in flight may take to end after SIGTERM. Kubernetes kills 30 s after it.
const Grace = 20 * time.Second

// lastBytes lets net/http write the last answers after their handlers have returned; the framework hides its server,
// so there is nothing to ask.
const lastBytes = 50 * time.Millisecond

// Run serves the operation until ctx ends and work in flight is done. One that answers no HTTP is run instead, with
// only its health served: a job to its end, a stream until ctx ends. The port may name the one address to listen on,
// as host:port.
func Run(ctx context.Context, p *platform.Platform, port string, o op.Operation) error {
	if port == "" {
		port = "8080"
	}
	os.Unsetenv("K_SERVICE") // with it, the framework prints an empty line for every request
	if !o.Serves() {
		functions.HTTP(o.Name, healthOnly)
		return untilDone(port, func() error { return o.Run(ctx, p) })
	}
	h, err := o.HTTP(p)
	if err != nil {
		return err
	}
	var inflight sync.RWMutex // held for reading by every request
	functions.HTTP(o.Name, func(w http.ResponseWriter, r *http.Request) {
		inflight.RLock()
		defer inflight.RUnlock()
		h.ServeHTTP(w, r)
	})
	return untilDone(port, func() error {
		<-ctx.Done()
		return drain(&inflight)
	})
}

func healthOnly(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path != "/healthz" {
		w.WriteHeader(http.StatusNotFound)
	}
}

// untilDone serves until work ends, or the server does.
func untilDone(port string, work func() error) error {
	host, number, err := net.SplitHostPort(port)
	if err != nil {
		host, number = "", port // of every address
	}
	served, done := make(chan error, 1), make(chan error, 1)
	go func() { served <- funcframework.StartHostPort(host, number) }()
	go func() { done <- work() }()
	select {
	case err := <-served:
		return fmt.Errorf("serve on port %s: %w", port, err)
	case err := <-done:
		return err
	}
}

func drain(inflight *sync.RWMutex) error {
	done := make(chan struct{})
	go func() { inflight.Lock(); close(done) }()
	select {
	case <-done:
	case <-time.After(Grace):
		return errors.New("work in flight did not end in time")
	}
	time.Sleep(lastBytes)
	return nil
}
