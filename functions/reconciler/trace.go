package reconciler

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/metric"
	oteltrace "go.opentelemetry.io/otel/trace"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"onex.io/onex/shared/fault"
	"onex.io/onex/shared/object"
	"onex.io/onex/shared/telemetry"
	"onex.io/onex/shared/trace"
)

// traceLife is how long what happens to an object belongs to the trace that made it. Objects live for years, traces do
// not: later passes have traces of their own, linked to it.
const traceLife = time.Hour

// watcher tells of passes.
type watcher struct {
	telemetry *telemetry.Telemetry
	took      metric.Float64Histogram
}

func newWatcher(t *telemetry.Telemetry) (watcher, error) {
	took, err := t.Meter().Float64Histogram("onex.reconciler.pass.duration", metric.WithUnit("s"),
		metric.WithDescription("Passes of the reconciler over one object."),
		metric.WithExplicitBucketBoundaries(0.0001, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60))
	if err != nil {
		return watcher{}, fmt.Errorf("measure passes: %w", err)
	}
	return watcher{telemetry: t, took: took}, nil
}

// watched is a pass that is being watched.
type watched struct {
	watcher
	span  oteltrace.Span
	kind  string
	began time.Time
	acted atomic.Bool
}

type watchedKey struct{}

// watch begins to watch a pass over an object, within the trace that made it.
func (l *world) watch(ctx context.Context, kind string, seen metav1.Object) (context.Context, *watched) {
	made := trace.FromParent(ctx, seen.GetAnnotations()[object.TraceAnnotation])
	if l.telemetry == nil {
		return made, nil
	}
	options := []oteltrace.SpanStartOption{oteltrace.WithAttributes(
		attribute.String("k8s.namespace.name", seen.GetNamespace()), attribute.String("onex.object.kind", kind), attribute.String("onex.object.name", seen.GetName()))}
	if l.now().Sub(seen.GetCreationTimestamp().Time) > traceLife {
		options = append(options, oteltrace.WithNewRoot(), oteltrace.WithLinks(oteltrace.LinkFromContext(made)))
	}
	ctx, span := l.telemetry.Start(made, "reconcile "+kind, options...)
	w := &watched{watcher: l.watcher, span: span, kind: kind, began: time.Now()}
	return context.WithValue(ctx, watchedKey{}, w), w
}

// end counts the pass. Only one that did something, or failed, is a part of its trace.
func (w *watched) end(err error) {
	if w == nil {
		return
	}
	outcome := "settled"
	if w.acted.Load() {
		outcome = "acted"
	}
	about := []attribute.KeyValue{attribute.String("onex.object.kind", w.kind)}
	if err != nil {
		outcome = "failed"
		about = append(about, attribute.String("error.type", fault.ReasonOf(err)))
		w.span.SetStatus(codes.Error, "")
		w.span.SetAttributes(about...)
	}
	if outcome != "settled" {
		w.span.End()
	}
	about = append(about, attribute.String("onex.reconciler.outcome", outcome))
	w.took.Record(context.Background(), time.Since(w.began).Seconds(), metric.WithAttributes(about...))
}

// acts notes that the pass of ctx does something.
func acts(ctx context.Context) {
	if w, ok := ctx.Value(watchedKey{}).(*watched); ok {
		w.acted.Store(true)
	}
}

// noteWrites makes a transport note each write as an act of its pass.
func noteWrites(next http.RoundTripper) http.RoundTripper { return noting{next} }

type noting struct{ next http.RoundTripper }

// RoundTrip passes the request on.
func (n noting) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Method != http.MethodGet {
		acts(r.Context())
	}
	return n.next.RoundTrip(r)
}

// passTrace has an object go on with the trace of the pass that makes it.
func passTrace(ctx context.Context, to metav1.Object) {
	parent := trace.Parent(ctx)
	if parent == "" {
		return
	}
	notes := maps.Clone(to.GetAnnotations())
	if notes == nil {
		notes = map[string]string{}
	}
	notes[object.TraceAnnotation] = parent
	to.SetAnnotations(notes)
}
