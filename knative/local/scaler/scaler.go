// Package scaler is KEDA for one machine. It reads the cluster's own ScaledObject files, watches the lag of their Kafka
// consumer groups, and runs a stream function while there is something to consume. And it scales the MinerSets of an
// API server, by the ScaledObjects that the reconciler has made there.
package scaler

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"reflect"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"onex.io/onex/knative/local/manifest"
	"onex.io/onex/shared/stream"
)

// maxPolling is the longest time between two looks at a lag: nobody wants to wait half a minute on the own machine.
const maxPolling = time.Second

// Stream consumes until ctx ends and then returns, with its work under way done and its offsets committed.
type Stream func(ctx context.Context, name string) error

// Options says what the scaler reads, watches and runs.
type Options struct {
	// Dirs hold the ScaledObject files; other kinds in them are left alone.
	Dirs []string
	// Namespace is that of objects whose file names none.
	Namespace string
	// Brokers are the seed brokers; the addresses in the files are the cluster's.
	Brokers []string
	// Streams has the function for each name that a scaleTargetRef may have.
	Streams map[string]Stream
	// Poll is the time between two looks at the files; zero means half a second.
	Poll time.Duration
	// Changed, if set, is told of every start and stop.
	Changed func(name string, replicas int)
	Log     *slog.Logger
}

// Scaler runs streams.
type Scaler struct {
	o      Options
	client *kgo.Client

	mu      sync.Mutex
	loops   map[string]loop
	running sync.WaitGroup
}

// loop is a ScaledObject being looked after.
type loop struct {
	object *scaledObject
	stop   context.CancelFunc
	done   chan struct{}
}

// New connects to Kafka.
func New(o Options) (*Scaler, error) {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Changed == nil {
		o.Changed = func(string, int) {}
	}
	client, err := kgo.NewClient(kgo.SeedBrokers(o.Brokers...))
	if err != nil {
		return nil, fmt.Errorf("connect to Kafka: %w", err)
	}
	return &Scaler{o: o, client: client, loops: map[string]loop{}}, nil
}

// Run reads the files and scales until ctx ends; it returns when all streams have.
func (s *Scaler) Run(ctx context.Context) error {
	defer s.client.Close()
	defer s.running.Wait()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	files := manifest.Source[*scaledObject]{
		Dirs: s.o.Dirs, APIVersion: "keda.sh/v1alpha1", Kind: "ScaledObject", Poll: s.o.Poll, Log: s.o.Log,
		Parse: func(doc []byte) (*scaledObject, error) { return s.parse(doc) },
	}
	return files.Watch(ctx, func(set manifest.Set[*scaledObject]) { s.apply(ctx, set.Items) })
}

func (s *Scaler) parse(doc []byte) (*scaledObject, error) {
	so, err := parse(doc, s.o.Namespace)
	if err != nil {
		return nil, err
	}
	if s.o.Streams[so.target] == nil {
		return nil, fmt.Errorf("no stream is named %q", so.target)
	}
	return so, nil
}

// apply starts to look after what is new and ends what is gone. What has changed is ended first, so that a stream
// never runs twice.
func (s *Scaler) apply(ctx context.Context, objects []*scaledObject) {
	s.mu.Lock()
	defer s.mu.Unlock()
	next := map[string]loop{}
	for _, so := range objects {
		l, ok := s.loops[so.key()]
		if ok && reflect.DeepEqual(l.object, so) {
			next[so.key()] = l
			delete(s.loops, so.key())
		}
	}
	for _, l := range s.loops {
		l.stop()
		<-l.done
	}
	for _, so := range objects {
		if _, ok := next[so.key()]; !ok {
			next[so.key()] = s.start(ctx, so)
		}
	}
	s.loops = next
}

func (s *Scaler) start(ctx context.Context, so *scaledObject) loop {
	ctx, cancel := context.WithCancel(ctx)
	l := loop{object: so, stop: cancel, done: make(chan struct{})}
	s.running.Go(func() {
		defer close(l.done)
		defer cancel()
		s.look(ctx, so)
	})
	return l
}

// look scales one object until ctx ends.
func (s *Scaler) look(ctx context.Context, so *scaledObject) {
	r := &replica{name: so.target, run: s.o.Streams[so.target], log: s.o.Log, changed: s.o.Changed}
	defer r.stop("the platform stops")
	tick := time.NewTicker(min(max(so.polling, 10*time.Millisecond), maxPolling))
	defer tick.Stop()
	var trouble string // told once, not at every look
	var now demand
	for ctx.Err() == nil {
		var err error
		now.lag, now.active, err = s.active(ctx, so)
		if err != nil && err.Error() != trouble && ctx.Err() == nil {
			s.o.Log.Error("read lag", "stream", so.target, "error", err)
			trouble = err.Error()
		}
		if now.active {
			now.last = time.Now()
		}
		r.follow(ctx, so, now)
		select {
		case <-ctx.Done():
		case <-tick.C:
		}
	}
}

// active tells the lag and whether it is worth a replica. A lag that cannot be read changes nothing for the others.
func (s *Scaler) active(ctx context.Context, so *scaledObject) (total int64, active bool, err error) {
	active = so.always
	for _, t := range so.triggers {
		lag, lerr := stream.Lag(ctx, s.client, stream.Reader{Topic: t.topic, Group: t.group, Earliest: t.earliest})
		if lerr != nil {
			err = errors.Join(err, lerr)
			continue
		}
		total += lag
		active = active || lag > t.activation
	}
	return total, active, err
}
