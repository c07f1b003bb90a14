// Package runner is the whole platform on one machine: the very operations, manifests and reconciler of a cluster,
// around servers that speak the same protocols. What works here works there, because here is the same code reading
// the same YAML.
package runner

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sync/errgroup"
	"k8s.io/client-go/kubernetes"

	"onex.io/onex/knative/local/kube"
	"onex.io/onex/knative/local/mesh"
	"onex.io/onex/knative/local/node"
	"onex.io/onex/shared/config"
	"onex.io/onex/shared/platform"
)

// Options say where everything is.
type Options struct {
	// State is the folder of everything that is kept.
	State string
	// Kube says which API server to use; its state is kept in State, whatever it says.
	Kube kube.Options
	// Toyblc is the path of the built chain node, which pods run.
	Toyblc string
	// Isolate has each operation run in processes of its own, of the built program Functions, as on a cluster.
	Isolate   bool
	Functions string
	// Idle is how long such a process is kept when nothing comes; zero means 30 seconds.
	Idle time.Duration
	// Triggers is the folder that says who wakes on what; it is read again whenever it changes.
	Triggers string
	// CRDs is the folder with the definitions of the platform's kinds. Beside it, in admission, are the rules about them.
	CRDs string
	// Addr is where the gateway listens, host:port. When the port is taken, a free one is used.
	Addr string
	// Settings override the configuration, by the names of its variables.
	Settings map[string]string
	// Say hears what happens, for people.
	Say func(format string, args ...any)
	Log *slog.Logger
}

// Platform is a running platform.
type Platform struct {
	o         Options
	id        string // of the state folder, kept in it
	servers   *servers
	config    config.Config
	settings  map[string]string // what a cluster has in its ConfigMap
	keys      map[string]string // what a cluster has in its Secret
	mesh      *mesh.Mesh
	node      *node.Node
	functions functions
	listener  net.Listener
	platform  *platform.Platform
	work      *errgroup.Group
	stop      context.CancelFunc
	ctx       context.Context
}

// Start returns when the platform is ready. Close it.
func Start(ctx context.Context, o Options) (p *Platform, err error) {
	if err := os.MkdirAll(o.State, 0o700); err != nil {
		return nil, fmt.Errorf("state folder %q: %w", o.State, err)
	}
	p = &Platform{o: o}
	running, stop := context.WithCancel(context.WithoutCancel(ctx))
	p.work, p.ctx = errgroup.WithContext(running)
	p.stop = stop
	defer func() {
		if err != nil {
			err = errors.Join(err, p.Close())
		}
	}()
	for _, step := range []struct {
		name string
		do   func(context.Context) error
	}{
		{"servers", p.startServers}, {"object API", p.refuseOthers}, {"kinds", p.applyKinds}, {"mesh", p.startMesh},
		{"configuration", p.configure}, {"policies", p.applyPolicies},
		{"node", p.startNode}, {"functions", p.mountFunctions}, {"events", p.startEvents},
		{"jobs", p.runJobs}, {"reconciler", p.startReconciler}, {"gateway", p.startGateway}, {"env file", p.writeEnv},
	} {
		if err := step.do(ctx); err != nil {
			return p, fmt.Errorf("start %s: %w", step.name, err)
		}
	}
	return p, nil
}

// Addr is the address of the gateway, such as http://127.0.0.1:8080.
func (p *Platform) Addr() string { return "http://" + p.listener.Addr().String() }

// Kubeconfig is the file that reaches the object API.
func (p *Platform) Kubeconfig() string { return p.servers.kube.Kubeconfig() }

// Mongo is the connection string of the store.
func (p *Platform) Mongo() string { return p.servers.mongo.URI() }

// Wait returns when a part of the platform has ended, with what it ended of.
func (p *Platform) Wait(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return nil
	case <-p.ctx.Done():
		return context.Cause(p.ctx)
	case <-p.servers.kube.Done():
		return p.servers.kube.Err()
	}
}

// closeGrace bounds the flush of what functions have buffered.
const closeGrace = 10 * time.Second

// Close stops everything, the object API last, and leaves no process.
func (p *Platform) Close() error {
	p.stop()
	errs := []error{p.work.Wait()}
	if p.platform != nil {
		ctx, cancel := context.WithTimeout(context.Background(), closeGrace)
		defer cancel()
		errs = append(errs, p.platform.Close(ctx))
	}
	if p.servers != nil {
		p.servers.close()
	}
	return errors.Join(errs...)
}

// run runs a part until the platform stops; its end before that stops the platform.
func (p *Platform) run(name string, part func(context.Context) error) {
	p.work.Go(func() error {
		err := part(p.ctx)
		if p.ctx.Err() != nil {
			return nil
		}
		return fmt.Errorf("%s ended: %w", name, cmpError(err))
	})
}

func cmpError(err error) error {
	if err == nil {
		return errors.New("without an error")
	}
	return err
}

func (p *Platform) startMesh(context.Context) error {
	client, err := p.kubernetes()
	if err != nil {
		return err
	}
	p.mesh, err = mesh.New(mesh.Options{Client: client, Log: p.o.Log})
	if err == nil {
		p.run("mesh", p.mesh.Run)
	}
	return err
}

func (p *Platform) kubernetes() (kubernetes.Interface, error) {
	rest, err := p.servers.kube.Config()
	if err != nil {
		return nil, err
	}
	return kubernetes.NewForConfig(rest)
}

// image is what pods call the chain node's program.
const image = "onex.local/toyblc"

func (p *Platform) startNode(context.Context) error {
	client, err := p.kubernetes()
	if err != nil {
		return err
	}
	proxy := p.mesh.URL().String()
	p.node, err = node.New(node.Options{
		Client: client, State: p.o.State, Owner: p.id, Images: map[string]string{image: p.o.Toyblc},
		Env: map[string]string{"HTTP_PROXY": proxy, "http_proxy": proxy}, CrashDelay: time.Second, Log: p.o.Log,
	})
	if err == nil {
		p.run("node", p.node.Run)
	}
	return err
}

func (p *Platform) httpClient() *http.Client { return &http.Client{Transport: p.mesh.Transport()} }

func (p *Platform) path(name string) string { return filepath.Join(p.o.State, name) }
