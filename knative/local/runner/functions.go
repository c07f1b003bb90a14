package runner

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"time"

	"onex.io/onex/functions/catalog"
	"onex.io/onex/functions/reconciler"
	"onex.io/onex/shared/client"
	"onex.io/onex/shared/config"
	"onex.io/onex/shared/op"
)

// namespace is where the functions live on a cluster.
const namespace = "onex"

// mountFunctions puts every operation behind the name that it has on a cluster.
func (p *Platform) mountFunctions(context.Context) error {
	p.functions = p.inOneProcess()
	if p.o.Isolate {
		p.functions = p.inProcesses()
	}
	for _, o := range catalog.Operations() {
		if !o.Serves() {
			continue
		}
		h, err := p.functions.handler(o)
		if err != nil {
			return err
		}
		p.mesh.Handle(o.Name, namespace, h)
	}
	return nil
}

// runJobs runs what a deployment needs once. A start is a deployment; what is done already is left as it is.
func (p *Platform) runJobs(ctx context.Context) error {
	for _, o := range catalog.Operations() {
		if !slices.ContainsFunc(o.Wakes, func(w op.Wake) bool { return w.Deploy }) {
			continue
		}
		if err := o.Run(ctx, p.platform); err != nil {
			return err
		}
	}
	return nil
}

// startGateway opens the one address that users know. It passes everything on to the gateway operation.
func (p *Platform) startGateway(context.Context) (err error) {
	if p.listener, err = net.Listen("tcp", p.o.Addr); err != nil {
		host, _, _ := net.SplitHostPort(p.o.Addr)
		if p.listener, err = net.Listen("tcp", net.JoinHostPort(host, "0")); err != nil {
			return fmt.Errorf("listen on %q: %w", p.o.Addr, err)
		}
	}
	h, err := p.mesh.Handler("gateway", namespace)
	if err != nil {
		return err
	}
	p.run("gateway", func(ctx context.Context) error { return serve(ctx, p.listener, asIngress(h)) })
	return nil
}

// asIngress says who called, as an ingress does, and lets nobody say it for it.
func asIngress(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Header.Del("X-Forwarded-For")
		if host, _, err := net.SplitHostPort(r.RemoteAddr); err == nil {
			r.Header.Set("X-Forwarded-For", host)
		}
		next.ServeHTTP(w, r)
	})
}

func serve(ctx context.Context, l net.Listener, h http.Handler) error {
	s := &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second}
	stopped := make(chan error, 1)
	go func() {
		<-ctx.Done()
		grace, cancel := context.WithTimeout(context.Background(), 3*time.Second)
		defer cancel()
		stopped <- s.Shutdown(grace)
	}()
	if err := s.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve: %w", err)
	}
	return <-stopped
}

// startReconciler runs the one part that never sleeps. It reaches the wallet as it does on a cluster: through the
// gateway, as a part of the platform.
func (p *Platform) startReconciler(context.Context) error {
	rest, err := p.servers.kube.Config()
	if err != nil {
		return err
	}
	var key config.PrivateKey
	if err := key.UnmarshalText([]byte(p.keys["ONEX_PLATFORM_KEY"])); err != nil {
		return err
	}
	wallet := client.New(fmt.Sprintf(p.config.Services, "gateway"), client.Options{
		HTTP: p.httpClient(), Token: client.PlatformToken("reconciler", key.PrivateKey, time.Now),
	})
	told, err := p.telemetry("reconciler")
	if err != nil {
		return err
	}
	p.run("reconciler", func(ctx context.Context) error {
		defer told.Close(context.WithoutCancel(ctx))
		return reconciler.Run(ctx, reconciler.Options{
			Config: rest, Buyer: reconciler.WalletBuyer(wallet),
			Scalers: reconciler.Scalers{Measure: reconciler.MeasureAt(p.config.Services), Key: key.PrivateKey}, Types: p.config.MinerTypes, Image: image, Sink: p.config.Broker,
			ChainsPerUser: p.config.ChainsPerUser, Logger: p.o.Log,
			Telemetry: told, Collector: p.config.Collector, TraceRatio: p.config.TraceRatio,
		})
	})
	return nil
}
