// Package trace carries one W3C trace context through requests, events and objects, so that one trace runs from a click
// to a coin.
package trace

import (
	"context"
	"crypto/rand"
	"net/http"

	cloudevents "github.com/cloudevents/sdk-go/v2"
	"go.opentelemetry.io/otel/propagation"
	oteltrace "go.opentelemetry.io/otel/trace"
)

// FromRequest continues the trace that a request names. One that delivers an event names the trace of what happened,
// which goes before a trace that those who pass it on may have.
func FromRequest(ctx context.Context, header http.Header) context.Context {
	if parent := header.Get("Ce-Traceparent"); parent != "" {
		return extract(ctx, parent, header.Get("Ce-Tracestate"))
	}
	return extract(ctx, header.Get("Traceparent"), header.Get("Tracestate"))
}

// FromEvent continues the trace that an event names, unless ctx is within it already.
func FromEvent(ctx context.Context, e cloudevents.Event) context.Context {
	parent, _ := e.Extensions()["traceparent"].(string)
	state, _ := e.Extensions()["tracestate"].(string)
	if next := extract(ctx, parent, state); ID(next) != ID(ctx) {
		return next
	}
	return ctx
}

// FromParent continues the trace that a traceparent names.
func FromParent(ctx context.Context, parent string) context.Context { return extract(ctx, parent, "") }

func extract(ctx context.Context, parent, state string) context.Context {
	return propagation.TraceContext{}.Extract(ctx, propagation.MapCarrier{"traceparent": parent, "tracestate": state})
}

// ToRequest names ctx's trace in the headers of an outgoing request.
func ToRequest(ctx context.Context, header http.Header) {
	propagation.TraceContext{}.Inject(ctx, propagation.HeaderCarrier(header))
}

// ToEvent names ctx's trace in an outgoing event.
func ToEvent(ctx context.Context, e *cloudevents.Event) {
	carrier := propagation.MapCarrier{}
	propagation.TraceContext{}.Inject(ctx, carrier)
	for name, v := range carrier {
		e.SetExtension(name, v)
	}
}

// ID is the trace id of ctx in hex; empty when there is none.
func ID(ctx context.Context) string {
	if sc := oteltrace.SpanContextFromContext(ctx); sc.HasTraceID() {
		return sc.TraceID().String()
	}
	return ""
}

// Parent is ctx's trace as a traceparent, for what is neither a request nor an event; empty when there is none.
func Parent(ctx context.Context) string {
	carrier := propagation.MapCarrier{}
	propagation.TraceContext{}.Inject(ctx, carrier)
	return carrier.Get("traceparent")
}

// Recorded says whether a collector is told of what happens in ctx.
func Recorded(ctx context.Context) bool { return oteltrace.SpanFromContext(ctx).IsRecording() }

// Hop gives ctx a span of its own within the trace it carries, or within a new one. Nobody is told of the span: it is
// for the ids alone, where there is no collector.
func Hop(ctx context.Context) context.Context {
	parent := oteltrace.SpanContextFromContext(ctx)
	config := oteltrace.SpanContextConfig{TraceID: parent.TraceID(), TraceState: parent.TraceState(), TraceFlags: oteltrace.FlagsSampled}
	rand.Read(config.SpanID[:])
	if !parent.IsValid() {
		rand.Read(config.TraceID[:])
	}
	return oteltrace.ContextWithSpanContext(ctx, oteltrace.NewSpanContext(config))
}

// Within begins a part of another trace, that of the traceparent, in which what ctx does has its reason; the two are
// linked. Without one the part belongs to ctx's own trace. Nobody is told of a span that is not ended.
func Within(ctx context.Context, parent, name string, o ...oteltrace.SpanStartOption) (context.Context, oteltrace.Span) {
	tracer := oteltrace.SpanFromContext(ctx).TracerProvider().Tracer("onex.io/onex")
	if parent != "" {
		o = append(o, oteltrace.WithLinks(oteltrace.LinkFromContext(ctx)))
		ctx = FromParent(ctx, parent)
	}
	return tracer.Start(ctx, name, o...)
}
