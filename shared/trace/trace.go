// Package trace carries one W3C trace context through requests and events, so that one trace runs from a click to a
// coin.
package trace

import (
	"context"
	"crypto/rand"
	"net/http"

	cloudevents "github.com/cloudevents/sdk-go/v2"
	"go.opentelemetry.io/otel/propagation"
	oteltrace "go.opentelemetry.io/otel/trace"
)

// FromRequest continues the trace that a request names, or begins one.
func FromRequest(ctx context.Context, header http.Header) context.Context {
	return ensure(propagation.TraceContext{}.Extract(ctx, propagation.HeaderCarrier(header)))
}

// FromEvent continues the trace that an event names, or begins one.
func FromEvent(ctx context.Context, e cloudevents.Event) context.Context {
	carrier := propagation.MapCarrier{}
	for _, name := range []string{"traceparent", "tracestate"} {
		if v, ok := e.Extensions()[name].(string); ok {
			carrier[name] = v
		}
	}
	return ensure(propagation.TraceContext{}.Extract(ctx, carrier))
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

// ensure gives ctx a span of its own within the trace it carries, or within a new one.
func ensure(ctx context.Context) context.Context {
	parent := oteltrace.SpanContextFromContext(ctx)
	config := oteltrace.SpanContextConfig{TraceID: parent.TraceID(), TraceState: parent.TraceState(), TraceFlags: oteltrace.FlagsSampled}
	rand.Read(config.SpanID[:])
	if !parent.IsValid() {
		rand.Read(config.TraceID[:])
	}
	return oteltrace.ContextWithSpanContext(ctx, oteltrace.NewSpanContext(config))
}

// Parent is ctx's trace as a traceparent, for what is neither a request nor an event; empty when there is none.
func Parent(ctx context.Context) string {
	carrier := propagation.MapCarrier{}
	propagation.TraceContext{}.Inject(ctx, carrier)
	return carrier.Get("traceparent")
}
