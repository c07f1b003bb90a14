package telemetry

import (
	"context"
	"time"

	cloudevents "github.com/cloudevents/sdk-go/v2"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/metric"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	oteltrace "go.opentelemetry.io/otel/trace"

	"onex.io/onex/shared/fault"
	"onex.io/onex/shared/trace"
)

// mostLinks is how many traces a batch names at most; the SDK keeps no more.
const mostLinks = 128

// Consume measures what handle does with batches of a topic. A batch belongs to many traces, so it has one of its own,
// linked to theirs.
func (t *Telemetry) Consume(operation, topic string, handle func(context.Context, []cloudevents.Event) error) func(context.Context, []cloudevents.Event) error {
	if t == nil {
		return handle
	}
	return func(ctx context.Context, batch []cloudevents.Event) error {
		about := []attribute.KeyValue{
			operationKey.String(operation), semconv.MessagingSystemKafka, semconv.MessagingDestinationName(topic),
			semconv.MessagingConsumerGroupName(operation), semconv.MessagingOperationName("process"),
		}
		ctx, span := t.Start(ctx, operation, oteltrace.WithSpanKind(oteltrace.SpanKindConsumer), oteltrace.WithNewRoot(),
			oteltrace.WithLinks(links(batch)...), oteltrace.WithAttributes(append(about[1:len(about):len(about)], semconv.MessagingBatchMessageCount(len(batch)))...))
		began := time.Now()
		err := handle(ctx, batch)
		about = append(about, finish(span, err)...)
		t.batches.Record(ctx, time.Since(began).Seconds(), metric.WithAttributes(about...))
		t.messages.Add(ctx, int64(len(batch)), metric.WithAttributes(about...))
		return err
	}
}

// links are the traces that the events belong to.
func links(batch []cloudevents.Event) []oteltrace.Link {
	var all []oteltrace.Link
	for _, e := range batch[:min(len(batch), mostLinks)] {
		if l := oteltrace.LinkFromContext(trace.FromEvent(context.Background(), e)); l.SpanContext.IsValid() {
			all = append(all, l)
		}
	}
	return all
}

// Run measures a job.
func (t *Telemetry) Run(ctx context.Context, operation string, job func(context.Context) error) error {
	if t == nil {
		return job(ctx)
	}
	ctx, span := t.Start(ctx, operation)
	began := time.Now()
	err := job(ctx)
	about := append(finish(span, err), operationKey.String(operation))
	t.jobs.Record(context.WithoutCancel(ctx), time.Since(began).Seconds(), metric.WithAttributes(about...))
	return err
}

// finish ends the span and says how it ended.
func finish(span oteltrace.Span, err error) []attribute.KeyValue {
	defer span.End()
	if err == nil {
		return nil
	}
	about := []attribute.KeyValue{semconv.ErrorTypeKey.String(fault.ReasonOf(err))}
	span.SetStatus(codes.Error, "")
	span.SetAttributes(about...)
	return about
}
