package reconciler

import (
	"context"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	typedcorev1 "k8s.io/client-go/kubernetes/typed/core/v1"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/record"
	"k8s.io/client-go/util/workqueue"
	"knative.dev/pkg/controller"
	"knative.dev/pkg/logging"

	"onex.io/onex/shared/api/apps/v1beta1"
	"onex.io/onex/shared/kube"
)

// component is the name under which the reconciler speaks, elects and is elected.
const component = "onex-reconciler"

// Run reconciles until the context ends. It keeps nothing outside itself: several may run in one process.
func Run(ctx context.Context, o Options) error {
	o, err := o.withDefaults()
	if err != nil {
		return err
	}
	log := zapFromSlog(o.Logger)
	ctx = logging.WithLogger(ctx, log)
	w, views, err := connect(o)
	if err != nil {
		return err
	}
	stopEvents := w.record(ctx)
	defer stopEvents()
	loops := newLoops(ctx, w, o)
	if err := loops.listen(views, w.nodes); err != nil {
		return err
	}
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return serveHealth(ctx, o.HealthAddr, views) })
	group.Go(func() error { views.run(ctx); return nil })
	group.Go(func() error {
		if !cache.WaitForCacheSync(ctx.Done(), views.synced()...) {
			return nil // the context has ended, or another part has failed and says so
		}
		return lead(ctx, o.LeaderElection, w.core, func(ctx context.Context) error {
			return controller.StartAll(ctx, loops.chains, loops.minerSets, loops.miners)
		})
	})
	return group.Wait()
}

// connect makes the clients and the views of the world.
func connect(o Options) (*world, *views, error) {
	watcher, err := newWatcher(o.Telemetry)
	if err != nil {
		return nil, nil, err
	}
	config := tuned(o, o.Config)
	api, err := kube.New(config)
	if err != nil {
		return nil, nil, err
	}
	core, err := kubernetes.NewForConfig(config)
	if err != nil {
		return nil, nil, fmt.Errorf("kubernetes client: %w", err)
	}
	others, err := dynamic.NewForConfig(config)
	if err != nil {
		return nil, nil, fmt.Errorf("dynamic client: %w", err)
	}
	nodes, err := siteOf(o, api, core)
	if err != nil {
		return nil, nil, err
	}
	v, err := newViews(api, nodes.core)
	if err != nil {
		return nil, nil, err
	}
	return &world{
		chains:    cached[*v1beta1.Chain]{v.chains.GetIndexer()},
		minerSets: cached[*v1beta1.MinerSet]{v.minerSets.GetIndexer()},
		miners:    cached[*v1beta1.Miner]{v.miners.GetIndexer()},
		pods:      cached[*corev1.Pod]{v.pods.GetIndexer()},
		services:  cached[*corev1.Service]{v.services.GetIndexer()},
		api:       api,
		core:      core,
		nodes:     nodes,
		dynamic:   others,
		now:       o.Clock,
		watcher:   watcher,
	}, v, nil
}

// tuned is a configuration for a program that works through a queue.
func tuned(o Options, of *rest.Config) *rest.Config {
	config := rest.CopyConfig(of)
	if config.QPS == 0 {
		config.QPS, config.Burst = 50, 100 // the defaults are made for a person at a terminal
	}
	if config.UserAgent == "" {
		config.UserAgent = component
	}
	if o.Telemetry != nil {
		config.Wrap(noteWrites)
	}
	return config
}

// siteOf is where the nodes run: here, unless the options name another cluster.
func siteOf(o Options, api *kube.Client, core kubernetes.Interface) (site, error) {
	if o.Nodes == nil {
		return site{core: core, spaces: api}, nil
	}
	config := tuned(o, o.Nodes)
	there, err := kubernetes.NewForConfig(config)
	if err != nil {
		return site{}, fmt.Errorf("client of the cluster of the nodes: %w", err)
	}
	spaces, err := kube.New(config)
	return site{core: there, away: true, spaces: spaces}, err
}

// record gives the world a voice: what it says becomes Events of the objects.
func (w *world) record(ctx context.Context) (stop func()) {
	scheme := runtime.NewScheme()
	_ = v1beta1.AddToScheme(scheme) // fails for two types of one name only
	broadcaster := record.NewBroadcaster(record.WithContext(ctx))
	broadcaster.StartRecordingToSink(&typedcorev1.EventSinkImpl{Interface: w.core.CoreV1().Events("")})
	w.events = broadcaster.NewRecorder(scheme, corev1.EventSource{Component: component})
	return broadcaster.Shutdown
}

// loops are the three work queues with what works them off.
type loops struct {
	chains, minerSets, miners *controller.Impl
}

func newLoops(ctx context.Context, w *world, o Options) *loops {
	log := logging.FromContext(ctx)
	queue := func(name string, r controller.Reconciler) *controller.Impl {
		return controller.NewContext(ctx, r, controller.ControllerOptions{
			WorkQueueName: name, Logger: log.Named(name), Concurrency: 4,
			RateLimiter: workqueue.NewTypedItemExponentialFailureRateLimiter[any](50*time.Millisecond, 30*time.Second),
		})
	}
	return &loops{
		chains:    queue(v1beta1.ResourceChains, &chainLoop{w, o.ChainsPerUser}),
		minerSets: queue(v1beta1.ResourceMinerSets, &minerSetLoop{w, o.Scalers}),
		miners: queue(v1beta1.ResourceMiners, &minerLoop{
			world: w, buyer: o.Buyer, types: o.Types, image: o.Image, sink: o.Sink,
			tells: nodeTelemetry{o.Collector, o.TraceRatio}, pace: newPace(),
		}),
	}
}
