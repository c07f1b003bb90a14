// Package telemetry tells a collector what a process does: how many requests, how long, how they end, and the spans of
// their traces. What sleeps cannot be asked, so it pushes, by OTLP over HTTP, and what is not told yet is told when the
// process ends.
package telemetry

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"sync"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlpmetric/otlpmetrichttp"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/metric/noop"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	oteltrace "go.opentelemetry.io/otel/trace"

	"onex.io/onex/shared/trace"
)

// scope names what the numbers and spans come from.
const scope = "onex.io/onex"

// Options say who tells whom.
type Options struct {
	// Collector is the base URL of an OTLP/HTTP receiver, such as http://collector:4318; empty means that nobody is told.
	Collector string
	// Ratio is the part of new traces that is told, from 0 to 1. A trace that began elsewhere keeps what was decided there.
	Ratio float64
	// Service is the part of the platform that this process is, and Version its revision.
	Service, Version string
	// Producer, unless nil, has numbers that are kept elsewhere.
	Producer sdkmetric.Producer
	// Log gets what could not be told; the default one without it.
	Log *slog.Logger
}

// Telemetry tells one collector. The nil Telemetry tells nobody, and costs nothing. It is safe for concurrent use.
type Telemetry struct {
	tracer  oteltrace.Tracer
	meter   metric.Meter
	log     *slog.Logger
	closers []func(context.Context) error
	instruments
}

// New makes a Telemetry that dials nobody before it has something to tell; nil without a collector.
func New(o Options) (*Telemetry, error) {
	if o.Collector == "" {
		return nil, nil
	}
	base, err := url.Parse(o.Collector)
	if err != nil || base.Host == "" || base.Scheme != "http" && base.Scheme != "https" {
		return nil, fmt.Errorf("telemetry: %q is no URL of a collector, such as http://collector:4318", o.Collector)
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	// Process-wide, as the SDK has it: what fails in the background is said where everything else is.
	otel.SetErrorHandler(otel.ErrorHandlerFunc(func(err error) { o.Log.Warn("telemetry", "error", err) }))
	t := &Telemetry{log: o.Log}
	if err := errors.Join(t.traces(o, base), t.metrics(o, base)); err != nil {
		return nil, fmt.Errorf("telemetry: %w", err)
	}
	return t, nil
}

func (t *Telemetry) traces(o Options, base *url.URL) error {
	exporter, err := otlptracehttp.New(context.Background(), otlptracehttp.WithEndpointURL(base.JoinPath("v1/traces").String()))
	if err != nil {
		return err
	}
	provider := sdktrace.NewTracerProvider(sdktrace.WithBatcher(exporter), sdktrace.WithResource(o.resource()),
		sdktrace.WithSampler(sdktrace.ParentBased(sdktrace.TraceIDRatioBased(o.Ratio))))
	t.tracer = provider.Tracer(scope)
	t.closers = append(t.closers, provider.Shutdown)
	return nil
}

// metrics are told as what was added since the last time, so that those of processes that come and go just add up.
func (t *Telemetry) metrics(o Options, base *url.URL) (err error) {
	exporter, err := otlpmetrichttp.New(context.Background(), otlpmetrichttp.WithEndpointURL(base.JoinPath("v1/metrics").String()),
		otlpmetrichttp.WithTemporalitySelector(sdkmetric.DeltaTemporalitySelector))
	if err != nil {
		return err
	}
	var options []sdkmetric.PeriodicReaderOption
	if o.Producer != nil {
		options = append(options, sdkmetric.WithProducer(o.Producer))
	}
	provider := sdkmetric.NewMeterProvider(sdkmetric.WithReader(sdkmetric.NewPeriodicReader(exporter, options...)), sdkmetric.WithResource(o.resource()))
	t.meter = provider.Meter(scope)
	t.closers = append(t.closers, provider.Shutdown)
	t.instruments, err = newInstruments(t.meter)
	return err
}

// resource says who speaks. The id is another one each time a process starts, even under the same name.
func (o Options) resource() *resource.Resource {
	who := []attribute.KeyValue{
		semconv.ServiceNamespace("onex"), semconv.ServiceName(o.Service), semconv.ServiceInstanceID(rand.Text()),
	}
	if o.Version != "" {
		who = append(who, semconv.ServiceVersion(o.Version))
	}
	return resource.NewSchemaless(who...)
}

// lastWords bounds telling what is not told yet, so that a collector that is away does not keep a pod from ending.
const lastWords = 5 * time.Second

// Close tells what is not told yet, and ends. A collector that is away is no reason to fail: its numbers are lost.
func (t *Telemetry) Close(ctx context.Context) {
	if t == nil {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, lastWords)
	defer cancel()
	var telling sync.WaitGroup
	for _, done := range t.closers {
		telling.Go(func() {
			if err := done(ctx); err != nil {
				t.log.Warn("telemetry lost", "error", err)
			}
		})
	}
	telling.Wait()
}

// Meter makes instruments for what only the caller can measure.
func (t *Telemetry) Meter() metric.Meter {
	if t == nil {
		return noop.Meter{}
	}
	return t.meter
}

// Start begins a span within the trace that ctx carries, or within a new one. Nobody is told of a span that is not
// ended.
func (t *Telemetry) Start(ctx context.Context, name string, o ...oteltrace.SpanStartOption) (context.Context, oteltrace.Span) {
	if t == nil {
		ctx = trace.Hop(ctx)
		return ctx, oteltrace.SpanFromContext(ctx)
	}
	return t.tracer.Start(ctx, name, o...)
}
