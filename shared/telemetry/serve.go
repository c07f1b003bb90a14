package telemetry

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/metric"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	oteltrace "go.opentelemetry.io/otel/trace"

	"onex.io/onex/shared/trace"
)

// operationKey says which operation a number is about.
const operationKey = attribute.Key("onex.operation")

// instruments are what every part of the platform measures. Names and units are OpenTelemetry's own.
type instruments struct {
	requests metric.Float64Histogram
	batches  metric.Float64Histogram
	messages metric.Int64Counter
	jobs     metric.Float64Histogram
}

func newInstruments(m metric.Meter) (i instruments, err error) {
	// From 1 ms, which a warm operation takes, to 30 s, when the platform gives up.
	bounds := metric.WithExplicitBucketBoundaries(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
	var faults [4]error
	i.requests, faults[0] = m.Float64Histogram("http.server.request.duration", metric.WithUnit("s"), bounds,
		metric.WithDescription("Requests and deliveries of events that an operation has answered."))
	i.batches, faults[1] = m.Float64Histogram("messaging.process.duration", metric.WithUnit("s"), bounds,
		metric.WithDescription("Batches of a stream that an operation has worked on."))
	i.messages, faults[2] = m.Int64Counter("messaging.client.consumed.messages", metric.WithUnit("{message}"),
		metric.WithDescription("Events of a stream that an operation has worked on."))
	i.jobs, faults[3] = m.Float64Histogram("faas.invoke_duration", metric.WithUnit("s"), bounds,
		metric.WithDescription("Jobs that have run to their end."))
	return i, errors.Join(faults[:]...)
}

// Serve measures what h answers, and has it answer within a span. Refused says why it refused.
func (t *Telemetry) Serve(operation string, h http.Handler) http.Handler {
	if t == nil {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			h.ServeHTTP(w, r.WithContext(trace.Hop(trace.FromRequest(r.Context(), r.Header))))
		})
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		e := &exchange{ResponseWriter: w, t: t, operation: operation, method: method(r.Method), began: time.Now()}
		ctx, span := t.Start(trace.FromRequest(r.Context(), r.Header), operation, oteltrace.WithSpanKind(oteltrace.SpanKindServer),
			oteltrace.WithAttributes(semconv.HTTPRequestMethodKey.String(e.method), semconv.URLPath(r.URL.Path)))
		defer func() { e.end(ctx, span) }()
		h.ServeHTTP(e, r.WithContext(context.WithValue(ctx, exchangeKey{}, e)))
		e.status = cmp.Or(e.status, http.StatusOK)
	})
}

// method is a request's method if it is a known one: strangers could make up any number of others.
func method(given string) string {
	known := []string{
		http.MethodGet, http.MethodPost, http.MethodPut, http.MethodDelete, http.MethodPatch, http.MethodHead, http.MethodOptions,
	}
	if slices.Contains(known, given) {
		return given
	}
	return "_OTHER"
}

type exchangeKey struct{}

// exchange is a request and what becomes of it.
type exchange struct {
	http.ResponseWriter
	t                 *Telemetry
	operation, method string
	began             time.Time
	status            int // 0 until it is answered
	reason            string
}

// Unwrap lets what streams find the connection.
func (e *exchange) Unwrap() http.ResponseWriter { return e.ResponseWriter }

// WriteHeader takes note of the status.
func (e *exchange) WriteHeader(status int) {
	if e.status == 0 && status >= http.StatusOK {
		e.status = status
	}
	e.ResponseWriter.WriteHeader(status)
}

// Refused says why the request that ctx belongs to is refused, by a reason out of few.
func Refused(ctx context.Context, reason string) {
	if e, ok := ctx.Value(exchangeKey{}).(*exchange); ok {
		e.reason = reason
	}
}

// end counts the exchange. One that its handler broke off has no status.
func (e *exchange) end(ctx context.Context, span oteltrace.Span) {
	var about []attribute.KeyValue
	if e.status != 0 {
		about = append(about, semconv.HTTPResponseStatusCode(e.status))
	}
	switch {
	case e.status == 0:
		about = append(about, semconv.ErrorTypeKey.String("BrokenOff"))
	case e.status >= http.StatusBadRequest:
		about = append(about, semconv.ErrorTypeKey.String(cmp.Or(e.reason, strconv.Itoa(e.status))))
	}
	span.SetAttributes(about...)
	if e.status == 0 || e.status >= http.StatusInternalServerError {
		span.SetStatus(codes.Error, "")
	}
	span.End()
	about = append(about, operationKey.String(e.operation), semconv.HTTPRequestMethodKey.String(e.method), semconv.URLScheme("http"))
	e.t.requests.Record(context.WithoutCancel(ctx), time.Since(e.began).Seconds(), metric.WithAttributes(about...))
}
