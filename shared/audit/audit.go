// Package audit is the record of every decision: who wanted to do what, and whether they may.
package audit

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"time"

	cloudevents "github.com/cloudevents/sdk-go/v2"
)

// How a record travels: as an event of this type, on this Kafka topic.
const (
	EventType = "io.onex.access.decided.v1"
	Topic     = "audit"
)

// Record is one decision.
type Record struct {
	ID        string    `json:"id" bson:"_id"`
	At        time.Time `json:"at" bson:"at"`
	Subject   string    `json:"subject" bson:"subject"` // userID, or empty for nobody
	TokenKind string    `json:"tokenKind" bson:"tokenKind"`
	Operation string    `json:"operation" bson:"operation"`
	Object    string    `json:"object" bson:"object"`
	Allowed   bool      `json:"allowed" bson:"allowed"`
	Rule      string    `json:"rule" bson:"rule"`     // what decided
	Remote    string    `json:"remote" bson:"remote"` // address of the direct caller
	RequestID string    `json:"requestID" bson:"requestID"`
	TraceID   string    `json:"traceID" bson:"traceID"`
	LatencyUS int64     `json:"latencyUS" bson:"latencyUS"` // of the decision, in microseconds
}

// Sender sends events to the audit topic.
type Sender interface {
	Send(ctx context.Context, e cloudevents.Event) error
	Buffer(ctx context.Context, e cloudevents.Event, lost func(error)) error
}

// Recorder records decisions as events.
type Recorder struct {
	Sender Sender
	Log    *slog.Logger
}

// Kept returns when the record is safe. An operation that changes something must not begin before.
func (r Recorder) Kept(ctx context.Context, record Record) error {
	e, err := event(record)
	if err != nil {
		return err
	}
	return r.Sender.Send(ctx, e)
}

// Soon records without waiting; what is buffered is flushed on drain.
func (r Recorder) Soon(ctx context.Context, record Record) {
	e, err := event(record)
	if err == nil {
		err = r.Sender.Buffer(ctx, e, func(err error) { r.Log.Error("audit record lost", "record", record, "error", err) })
	}
	if err != nil {
		r.Log.ErrorContext(ctx, "audit record lost", "record", record, "error", err)
	}
}

func event(r Record) (cloudevents.Event, error) {
	e := cloudevents.NewEvent()
	e.SetType(EventType)
	e.SetSource("/operations/" + r.Operation)
	e.SetID(r.ID)
	e.SetTime(r.At.UTC())
	if err := errors.Join(e.SetData(cloudevents.ApplicationJSON, r), e.Validate()); err != nil {
		return e, fmt.Errorf("audit record %q: %w", r.ID, err)
	}
	e.SetExtension("partitionkey", r.Subject+r.ID[:1]) // a subject's records spread over a few partitions
	return e, nil
}

// NewID makes the id of a record, once per decision.
func NewID() string { return rand.Text() }
