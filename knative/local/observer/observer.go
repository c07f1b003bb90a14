// Package observer is Knative's ApiServerSource for one machine: it reads the cluster's own files, watches the API
// server and says what has changed, in Knative's words.
//
// It loses what Knative's own loses: an object that is there before it starts to watch is told of only when it changes,
// and what happens while a watch is broken is never told.
package observer

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"reflect"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/tools/cache"
	sourcesv1 "knative.dev/eventing/pkg/apis/sources/v1"

	"onex.io/onex/knative/local/manifest"
)

// Options says what the observer reads, what it watches and how it reaches sinks.
type Options struct {
	// Dirs hold the ApiServerSource files; other kinds in them are left alone.
	Dirs []string
	// Namespace is that of objects whose file names none.
	Namespace string
	// Objects is the API server.
	Objects dynamic.Interface
	// Origin is the API server's address, which events have as their source.
	Origin string
	// Client reaches sinks by cluster name.
	Client *http.Client
	// Poll is the time between two looks at the files; zero means half a second.
	Poll time.Duration
	Log  *slog.Logger
}

// Observer tells what changes.
type Observer struct {
	o    Options
	work sync.WaitGroup
	// sources are those at work, by namespace and name.
	sources map[string]running
}

type running struct {
	source *sourcesv1.ApiServerSource
	stop   context.CancelFunc
}

// New makes an observer.
func New(o Options) (*Observer, error) {
	if o.Client == nil || o.Objects == nil {
		return nil, errors.New("make observer: no client to reach sinks or objects")
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return &Observer{o: o, sources: map[string]running{}}, nil
}

// Run reads the files and tells what changes until ctx ends.
func (b *Observer) Run(ctx context.Context) error {
	ctx, stop := context.WithCancel(ctx)
	defer b.work.Wait()
	defer stop()
	files := manifest.Source[*sourcesv1.ApiServerSource]{
		Dirs: b.o.Dirs, APIVersion: "sources.knative.dev/v1", Kind: "ApiServerSource", Poll: b.o.Poll, Log: b.o.Log,
		Parse: func(doc []byte) (*sourcesv1.ApiServerSource, error) { return parse(doc, b.o.Namespace) },
	}
	return files.Watch(ctx, func(set manifest.Set[*sourcesv1.ApiServerSource]) { b.apply(ctx, set.Items) })
}

// apply starts what is new, stops what is gone and leaves the rest watching.
func (b *Observer) apply(ctx context.Context, sources []*sourcesv1.ApiServerSource) {
	next := map[string]running{}
	for _, s := range sources {
		key := s.Namespace + "/" + s.Name
		if r, ok := b.sources[key]; ok && reflect.DeepEqual(r.source.Spec, s.Spec) {
			next[key] = r
			delete(b.sources, key)
			continue
		}
		watching, stop := context.WithCancel(ctx)
		next[key] = running{s, stop}
		b.start(watching, s)
	}
	for _, r := range b.sources {
		r.stop()
	}
	b.sources = next
}

// start watches every kind of a source, as Knative's adapter does, and with its patience.
func (b *Observer) start(ctx context.Context, s *sourcesv1.ApiServerSource) {
	for _, r := range s.Spec.Resources {
		objects := b.objects(s, r)
		selector := metav1.FormatLabelSelector(r.LabelSelector)
		if r.LabelSelector == nil {
			selector = ""
		}
		lister := &cache.ListWatch{
			ListWithContextFunc: func(ctx context.Context, o metav1.ListOptions) (runtime.Object, error) {
				o.LabelSelector = selector
				return objects.List(ctx, o)
			},
			WatchFuncWithContext: func(ctx context.Context, o metav1.ListOptions) (watch.Interface, error) {
				o.LabelSelector = selector
				return objects.Watch(ctx, o)
			},
		}
		told := &teller{ctx: ctx, observer: b, source: s}
		reflector := cache.NewNamedReflector(fmt.Sprintf("%s of %s", r.Kind, s.Name), lister, &unstructured.Unstructured{}, told, 0)
		b.work.Go(func() { reflector.RunWithContext(ctx) })
	}
}

func (b *Observer) objects(s *sourcesv1.ApiServerSource, r sourcesv1.APIVersionKindSelector) dynamic.ResourceInterface {
	group, _ := schema.ParseGroupVersion(r.APIVersion) // validation has seen it
	resource, _ := meta.UnsafeGuessKindToResource(group.WithKind(r.Kind))
	all := b.o.Objects.Resource(resource)
	if s.Spec.NamespaceSelector == nil {
		return all.Namespace(s.Namespace)
	}
	return all
}
