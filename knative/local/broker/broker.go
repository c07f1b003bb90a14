// Package broker is a Knative broker for one machine: it takes events over HTTP, matches them against the cluster's own
// Trigger files with Knative's own filters, and delivers them with Knative's rules for retries and dead letters.
package broker

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"sync"
	"sync/atomic"
	"time"

	cloudevents "github.com/cloudevents/sdk-go/v2"
	eventingv1 "knative.dev/eventing/pkg/apis/eventing/v1"

	"onex.io/onex/knative/local/manifest"
)

// Options says what the broker reads, where it keeps what it owes and how it reaches subscribers.
type Options struct {
	// Dirs hold the Trigger files, and Broker files if there are any; other kinds in them are left alone.
	Dirs []string
	// Namespace is that of objects whose file names none, as kustomize would set it.
	Namespace string
	// State is the folder of the queue.
	State string
	// Client reaches subscribers by cluster name.
	Client *http.Client
	// Concurrency bounds the requests under way to one subscriber; zero means 32.
	Concurrency int
	// MaxPending bounds what is owed before new events are turned away for a while; zero means 10,000.
	MaxPending int
	// Poll is the time between two looks at the files; zero means half a second.
	Poll time.Duration
	Log  *slog.Logger
}

// Broker accepts events as an http.Handler, once Run runs.
type Broker struct {
	o     Options
	queue *queue

	mu       sync.RWMutex
	set      manifest.Set[*trigger]
	triggers map[ref]*active
	brokers  map[ref]*eventingv1.Broker
	backlog  map[pending]struct{} // found at the start, not yet given to a trigger

	life context.Context // that of Run; deliveries belong to it, not to the request that brought the event

	loaded  chan struct{} // closed when the files have been read
	owed    atomic.Int64
	working sync.WaitGroup
}

// New opens the queue.
func New(o Options) (*Broker, error) {
	if o.Concurrency == 0 {
		o.Concurrency = 32
	}
	if o.MaxPending == 0 {
		o.MaxPending = 10_000
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Client == nil {
		return nil, errors.New("make broker: no client to reach subscribers")
	}
	if err := os.MkdirAll(o.State, 0o700); err != nil {
		return nil, fmt.Errorf("make folder %q: %w", o.State, err)
	}
	q, err := openQueue(o.State)
	if err != nil {
		return nil, err
	}
	b := &Broker{o: o, queue: q, triggers: map[ref]*active{}, backlog: map[pending]struct{}{}, loaded: make(chan struct{})}
	list, err := q.all()
	if err != nil {
		return nil, errors.Join(err, q.close())
	}
	for _, p := range list {
		b.backlog[p] = struct{}{}
	}
	return b, nil
}

// Run reads the files and delivers until ctx ends. What is still owed then is delivered after the next start.
func (b *Broker) Run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	b.mu.Lock()
	b.life = ctx
	b.mu.Unlock()
	errs := make(chan error, 2)
	b.working.Go(func() { errs <- b.watchBrokers(ctx) })
	b.working.Go(func() { errs <- b.watchTriggers(ctx) })
	var err error
	select {
	case <-ctx.Done():
	case err = <-errs:
	}
	cancel()
	b.mu.Lock() // no delivery starts after this
	b.life = nil
	b.mu.Unlock()
	b.working.Wait()
	return errors.Join(err, b.queue.close())
}

func (b *Broker) watchTriggers(ctx context.Context) error {
	files := manifest.Source[*trigger]{
		Dirs: b.o.Dirs, APIVersion: "eventing.knative.dev/v1", Kind: "Trigger", Poll: b.o.Poll, Log: b.o.Log,
		Parse: func(doc []byte) (*trigger, error) { return parseTrigger(doc, b.o.Namespace) },
	}
	var once sync.Once
	return files.Watch(ctx, func(set manifest.Set[*trigger]) {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.set = set
		b.apply()
		once.Do(func() { close(b.loaded) })
	})
}

func (b *Broker) watchBrokers(ctx context.Context) error {
	files := manifest.Source[*eventingv1.Broker]{
		Dirs: b.o.Dirs, APIVersion: "eventing.knative.dev/v1", Kind: "Broker", Poll: b.o.Poll, Log: b.o.Log,
		Parse: func(doc []byte) (*eventingv1.Broker, error) { return parseBroker(doc, b.o.Namespace) },
	}
	return files.Watch(ctx, func(set manifest.Set[*eventingv1.Broker]) {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.brokers = map[ref]*eventingv1.Broker{}
		for _, br := range set.Items {
			b.brokers[ref{br.Namespace, br.Name}] = br
		}
		b.apply()
	})
}

// apply makes the set the one that counts and gives what was found at the start to its triggers. The lock is held.
func (b *Broker) apply() {
	old := b.triggers
	b.triggers = map[ref]*active{}
	for _, t := range b.set.Items {
		policy, err := t.policy(b.brokers)
		if err != nil {
			b.o.Log.Error("trigger has no usable delivery", "trigger", t.String(), "error", err)
			continue
		}
		a := &active{trigger: t, delivery: policy, slots: make(chan struct{}, b.o.Concurrency)}
		if before := old[t.ref]; before != nil {
			a.slots = before.slots
		}
		b.triggers[t.ref] = a
	}
	for p := range b.backlog {
		if b.triggers[p.trigger] == nil && !b.set.Complete {
			continue // its file has a fault; it may come back
		}
		delete(b.backlog, p)
		b.start(p)
	}
}

// active is a trigger at work.
type active struct {
	*trigger
	delivery
	slots chan struct{}
}

func (b *Broker) trigger(r ref) *active {
	b.mu.RLock()
	defer b.mu.RUnlock()
	return b.triggers[r]
}

// exists tells whether a broker is known, by its own file or by a trigger's.
func (b *Broker) exists(r ref) bool {
	b.mu.RLock()
	defer b.mu.RUnlock()
	if b.brokers[r] != nil {
		return true
	}
	for _, t := range b.triggers {
		if t.broker == r {
			return true
		}
	}
	return false
}

// match lists the triggers of the broker that want the event.
func (b *Broker) match(ctx context.Context, broker ref, e cloudevents.Event) []ref {
	b.mu.RLock()
	defer b.mu.RUnlock()
	var list []ref
	for r, t := range b.triggers {
		if t.broker == broker && t.matches(ctx, e) {
			list = append(list, r)
		}
	}
	return list
}
