// Package clock is Knative's PingSource for one machine: it reads the cluster's own PingSource files and sends their
// events when they are due.
package clock

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"reflect"
	"sync"
	"time"

	cloudevents "github.com/cloudevents/sdk-go/v2"
	"github.com/robfig/cron/v3"
	sourcesv1 "knative.dev/eventing/pkg/apis/sources/v1"

	"onex.io/onex/knative/local/manifest"
	"onex.io/onex/knative/local/sink"
)

// Options says what the clock reads and how it reaches sinks.
type Options struct {
	// Dirs hold the PingSource files; other kinds in them are left alone.
	Dirs []string
	// Namespace is that of objects whose file names none.
	Namespace string
	// Client reaches sinks by cluster name.
	Client *http.Client
	// Poll is the time between two looks at the files; zero means half a second.
	Poll time.Duration
	// Now is the time; nil means the machine's.
	Now func() time.Time
	Log *slog.Logger
}

// Clock sends events at times.
type Clock struct {
	o      Options
	cron   *cron.Cron
	parser cron.Parser

	mu      sync.Mutex
	entries map[string]entry
}

// entry is a schedule at work.
type entry struct {
	source *sourcesv1.PingSource
	id     cron.EntryID
}

// New makes a clock.
func New(o Options) (*Clock, error) {
	if o.Client == nil {
		return nil, errors.New("make clock: no client to reach sinks")
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	parser := cron.NewParser(cron.SecondOptional | cron.Minute | cron.Hour | cron.Dom | cron.Month | cron.Dow | cron.Descriptor)
	return &Clock{o: o, cron: cron.New(cron.WithParser(parser)), parser: parser, entries: map[string]entry{}}, nil
}

// Run reads the files and sends until ctx ends.
func (c *Clock) Run(ctx context.Context) error {
	c.cron.Start()
	defer func() { <-c.cron.Stop().Done() }()
	files := manifest.Source[*sourcesv1.PingSource]{
		Dirs: c.o.Dirs, APIVersion: "sources.knative.dev/v1", Kind: "PingSource", Poll: c.o.Poll, Log: c.o.Log,
		Parse: func(doc []byte) (*sourcesv1.PingSource, error) { return parse(doc, c.o.Namespace) },
	}
	return files.Watch(ctx, func(set manifest.Set[*sourcesv1.PingSource]) { c.apply(ctx, set.Items) })
}

// Fire sends the event of the named source now, as if it were due. It is for people and tests who will not wait.
func (c *Clock) Fire(ctx context.Context, namespace, name string) error {
	c.mu.Lock()
	e, ok := c.entries[namespace+"/"+name]
	c.mu.Unlock()
	if !ok {
		return fmt.Errorf("fire %q: no such source", namespace+"/"+name)
	}
	return c.send(ctx, e.source)
}

// parse reads a PingSource as the cluster's admission would.
func parse(doc []byte, namespace string) (*sourcesv1.PingSource, error) {
	var s sourcesv1.PingSource
	if err := sink.ReadSource(doc, namespace, &s, &s.Spec.Sink); err != nil {
		return nil, err
	}
	return &s, nil
}

// apply schedules what is new, drops what is gone and leaves the rest ticking.
func (c *Clock) apply(ctx context.Context, sources []*sourcesv1.PingSource) {
	c.mu.Lock()
	defer c.mu.Unlock()
	next := map[string]entry{}
	for _, s := range sources {
		key := s.Namespace + "/" + s.Name
		if e, ok := c.entries[key]; ok && reflect.DeepEqual(e.source.Spec, s.Spec) {
			next[key] = e
			delete(c.entries, key)
			continue
		}
		id, err := c.cron.AddFunc(schedule(s), func() { c.tick(ctx, s) })
		if err != nil {
			c.o.Log.Error("schedule", "source", key, "error", err) // validation lets nothing through that fails here
			continue
		}
		next[key] = entry{s, id}
	}
	for _, e := range c.entries {
		c.cron.Remove(e.id)
	}
	c.entries = next
}

func schedule(s *sourcesv1.PingSource) string {
	if s.Spec.Timezone != "" {
		return "CRON_TZ=" + s.Spec.Timezone + " " + s.Spec.Schedule
	}
	return s.Spec.Schedule
}

func (c *Clock) tick(ctx context.Context, s *sourcesv1.PingSource) {
	if err := c.send(ctx, s); err != nil && ctx.Err() == nil {
		c.o.Log.Error("ping is lost", "source", s.Namespace+"/"+s.Name, "error", err)
	}
}

// send sends the event, again and again for a while if it is not taken.
func (c *Clock) send(ctx context.Context, s *sourcesv1.PingSource) error {
	to, err := sink.URL(s.Spec.Sink)
	if err != nil {
		return fmt.Errorf("find sink: %w", err)
	}
	e, err := event(s, c.o.Now())
	if err != nil {
		return err
	}
	return sink.Send(ctx, c.o.Client, to, e)
}

// event is what the source says at a time. Its id is that time: two clocks that tick together say it once.
func event(s *sourcesv1.PingSource, now time.Time) (cloudevents.Event, error) {
	e := cloudevents.NewEvent()
	e.SetType(sourcesv1.PingSourceEventType)
	e.SetSource(sourcesv1.PingSourceSource(s.Namespace, s.Name))
	e.SetID(now.UTC().Format("20060102T150405.000Z"))
	e.SetTime(now.UTC())
	if s.Spec.CloudEventOverrides != nil {
		for k, v := range s.Spec.CloudEventOverrides.Extensions {
			e.SetExtension(k, v)
		}
	}
	data := []byte(s.Spec.Data)
	if s.Spec.DataBase64 != "" {
		raw, err := base64.StdEncoding.DecodeString(s.Spec.DataBase64)
		if err != nil {
			return e, fmt.Errorf("decode data: %w", err)
		}
		data = raw
	}
	if len(data) == 0 {
		return e, nil
	}
	if err := e.SetData(s.Spec.ContentType, data); err != nil {
		return e, fmt.Errorf("set data: %w", err)
	}
	return e, nil
}
