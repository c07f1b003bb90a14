// Package mesh makes cluster names work on one machine: an HTTP proxy that finds what
// <service>.<namespace>.svc.cluster.local means, be it a handler in this process or a pod of the API server.
package mesh

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"sync"
	"time"

	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	corelisters "k8s.io/client-go/listers/core/v1"
	"k8s.io/client-go/tools/cache"
)

// Options says where names are looked up.
type Options struct {
	// Client reads Services and Pods; nil leaves the mesh with its handlers.
	Client kubernetes.Interface
	// Addr is where to listen; empty means any free port of 127.0.0.1.
	Addr string
	Log  *slog.Logger
}

// Mesh is the proxy. It accepts connections from New on and answers them while Run runs.
type Mesh struct {
	listener net.Listener
	log      *slog.Logger
	proxy    *httputil.ReverseProxy
	informs  informers.SharedInformerFactory
	services corelisters.ServiceLister
	pods     corelisters.PodLister
	synced   []cache.InformerSynced

	mu       sync.RWMutex
	handlers map[name]http.Handler
}

// New makes a mesh and opens its port.
func New(o Options) (*Mesh, error) {
	if o.Addr == "" {
		o.Addr = "127.0.0.1:0"
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	l, err := net.Listen("tcp", o.Addr)
	if err != nil {
		return nil, fmt.Errorf("listen on %q: %w", o.Addr, err)
	}
	m := &Mesh{listener: l, log: o.Log, handlers: map[name]http.Handler{}}
	m.proxy = m.newProxy()
	if o.Client != nil {
		m.watch(o.Client)
	}
	return m, nil
}

// watch keeps only what a look-up needs of an object: there may be many pods, and none of their history matters.
func (m *Mesh) watch(client kubernetes.Interface) {
	m.informs = informers.NewSharedInformerFactoryWithOptions(client, 0, informers.WithTransform(slim))
	core := m.informs.Core().V1()
	m.services, m.pods = core.Services().Lister(), core.Pods().Lister()
	m.synced = []cache.InformerSynced{core.Services().Informer().HasSynced, core.Pods().Informer().HasSynced}
}

// Handle serves the name <service>.<namespace> by h, whatever the API server says.
func (m *Mesh) Handle(service, namespace string, h http.Handler) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.handlers[name{service, namespace}] = h
}

// Handler is what serves the name <service>.<namespace> in this process.
func (m *Mesh) Handler(service, namespace string) (http.Handler, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	h := m.handlers[name{service, namespace}]
	if h == nil {
		return nil, fmt.Errorf("nothing here serves %s.%s", service, namespace)
	}
	return h, nil
}

// URL is the proxy's address, for HTTP_PROXY.
func (m *Mesh) URL() *url.URL { return &url.URL{Scheme: "http", Host: m.listener.Addr().String()} }

// Transport reaches every name through the mesh, and nothing else.
func (m *Mesh) Transport() *http.Transport {
	return &http.Transport{
		Proxy:               http.ProxyURL(m.URL()),
		MaxIdleConnsPerHost: 64,
		IdleConnTimeout:     time.Minute,
		DisableCompression:  true,
	}
}

// Run serves until ctx ends and then lets requests under way end for a moment.
func (m *Mesh) Run(ctx context.Context) error {
	serving, cut := context.WithCancel(context.WithoutCancel(ctx))
	defer cut()
	if m.informs != nil {
		m.informs.Start(ctx.Done())
		defer m.informs.Shutdown()
	}
	s := &http.Server{
		Handler:           m,
		ReadHeaderTimeout: 30 * time.Second,
		BaseContext:       func(net.Listener) context.Context { return serving },
	}
	done := make(chan error, 1)
	go func() { done <- s.Serve(m.listener) }()
	select {
	case err := <-done:
		return fmt.Errorf("serve mesh: %w", err)
	case <-ctx.Done():
	}
	grace, cancel := context.WithTimeout(serving, 3*time.Second)
	defer cancel()
	if err := s.Shutdown(grace); err != nil {
		_ = s.Close() // whoever still waits has waited long enough
	}
	if err := <-done; !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve mesh: %w", err)
	}
	return nil
}
