package runner

import (
	"context"

	"k8s.io/client-go/dynamic"

	"onex.io/onex/functions/catalog"
	"onex.io/onex/knative/local/broker"
	"onex.io/onex/knative/local/clock"
	"onex.io/onex/knative/local/observer"
	"onex.io/onex/knative/local/scaler"
)

// startEvents starts what wakes operations: the broker for Triggers, the clock for PingSources, the observer for
// ApiServerSources, and the scaler for ScaledObjects. All of them read the files that a cluster is given, and read them
// again when they change. The scaler also scales MinerSets, by the ScaledObjects that the reconciler makes.
func (p *Platform) startEvents(context.Context) error {
	dirs := []string{p.o.Triggers}
	events, err := broker.New(broker.Options{Dirs: dirs, Namespace: namespace, State: p.path("broker"), Client: p.httpClient(), Log: p.o.Log})
	if err != nil {
		return err
	}
	p.mesh.Handle("broker-ingress", "knative-eventing", events)
	p.run("broker", events.Run)

	ticks, err := clock.New(clock.Options{Dirs: dirs, Namespace: namespace, Client: p.httpClient(), Log: p.o.Log})
	if err != nil {
		return err
	}
	p.run("clock", ticks.Run)
	if err := p.startObserver(dirs); err != nil {
		return err
	}

	streams, err := scaler.New(scaler.Options{
		Dirs: dirs, Namespace: namespace, Brokers: p.config.Kafka, Streams: p.streams(), Log: p.o.Log,
	})
	if err != nil {
		return err
	}
	p.run("scaler", streams.Run)

	rest, err := p.servers.kube.Config()
	if err != nil {
		return err
	}
	pools, err := scaler.NewPools(scaler.PoolOptions{Config: rest, Client: p.httpClient(), Log: p.o.Log})
	if err != nil {
		return err
	}
	p.run("scaler of minersets", pools.Run)
	return nil
}

func (p *Platform) startObserver(dirs []string) error {
	rest, err := p.servers.kube.Config()
	if err != nil {
		return err
	}
	objects, err := dynamic.NewForConfig(rest)
	if err != nil {
		return err
	}
	changes, err := observer.New(observer.Options{
		Dirs: dirs, Namespace: namespace, Objects: objects, Origin: rest.Host, Client: p.httpClient(), Log: p.o.Log,
	})
	if err != nil {
		return err
	}
	p.run("observer", changes.Run)
	return nil
}

// streams are the operations that a topic wakes.
func (p *Platform) streams() map[string]scaler.Stream {
	all := map[string]scaler.Stream{}
	for _, o := range catalog.Operations() {
		if o.Topic() != nil {
			all[o.Name] = func(ctx context.Context, _ string) error { return p.functions.stream(ctx, o) }
		}
	}
	return all
}
