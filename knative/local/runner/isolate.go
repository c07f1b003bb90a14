package runner

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"onex.io/onex/functions/catalog"
	"onex.io/onex/knative/local/activator"
	"onex.io/onex/shared/op"
)

// functions are the operations at work: all in this process, or each in processes of its own.
type functions struct {
	// handler answers for an operation.
	handler func(op.Operation) (http.Handler, error)
	// stream runs an operation that a topic wakes until ctx ends.
	stream func(ctx context.Context, o op.Operation) error
}

func (p *Platform) inOneProcess() functions {
	return functions{
		handler: func(o op.Operation) (http.Handler, error) { return o.HTTP(p.platform) },
		stream:  func(ctx context.Context, o op.Operation) error { return o.Run(ctx, p.platform) },
	}
}

// inProcesses is what a cluster does: an operation has no process until something comes for it.
func (p *Platform) inProcesses() functions {
	program := &activator.Program{
		Path: p.o.Functions, Logs: p.path("logs/functions"), Addresses: p.node, Log: p.o.Log, Env: p.environment,
	}
	return functions{
		handler: func(o op.Operation) (http.Handler, error) {
			scale := o.Scale.OrDefault()
			a := activator.New(activator.Options{
				Operation: o.Name, Program: program, Max: scale.Max, Concurrency: scale.Concurrency, Idle: p.o.Idle,
			})
			p.run("processes of "+o.Name, a.Run)
			return a, nil
		},
		stream: func(ctx context.Context, o op.Operation) error { return program.Stream(ctx, o.Name) },
	}
}

// environment is what a cluster's manifest gives an operation: the settings, the public keys, its own secrets, and
// the object API only if it has rights there.
func (p *Platform) environment(operation string) []string {
	o, _ := catalog.Find(operation)
	proxy := p.mesh.URL().String()
	env := []string{"HTTP_PROXY=" + proxy, "http_proxy=" + proxy, "NO_PROXY=" + hostOf(p.servers.kube.Host())}
	for name, value := range p.settings {
		env = append(env, name+"="+value)
	}
	for name, value := range p.keys {
		if strings.HasSuffix(name, "_PUBLIC_KEY") {
			env = append(env, name+"="+value)
		}
	}
	for _, name := range o.Keys() {
		env = append(env, name+"="+p.keys[name])
	}
	if len(o.Rights) > 0 {
		env = append(env, "KUBECONFIG="+p.servers.kube.Kubeconfig())
	}
	return env
}

// hostOf is the host of an address, which is no name of the mesh.
func hostOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return u.Hostname()
}

// PIDs are the processes of an operation that answer now; none where it has no processes of its own.
func (p *Platform) PIDs(operation string) ([]int, error) {
	h, err := p.mesh.Handler(operation, namespace)
	if err != nil {
		return nil, err
	}
	a, ok := h.(*activator.Activator)
	if !ok {
		return nil, errors.New("every operation runs in this process")
	}
	return a.PIDs(), nil
}
