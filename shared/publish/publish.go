// Package publish tells the broker what happened, and keeps what could not be told until it can.
//
// An operation that must be heard intends its event, does the effect, and tells. If it dies in between, a clocked
// relay tells what was intended; because events are hints, one whose effect never happened does no harm.
package publish

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	cloudevents "github.com/cloudevents/sdk-go/v2"
	cehttp "github.com/cloudevents/sdk-go/v2/protocol/http"
	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"

	"onex.io/onex/shared/fault"
	"onex.io/onex/shared/store"
	"onex.io/onex/shared/trace"
)

// Broker is where events are sent.
type Broker struct {
	URL  string
	HTTP *http.Client
}

// Send returns when the broker has taken the event; Busy when it does not answer or asks for later.
func (b Broker) Send(ctx context.Context, e cloudevents.Event) error {
	trace.ToEvent(ctx, &e)
	request, err := cehttp.NewHTTPRequestFromEvent(ctx, b.URL, e)
	if err != nil {
		return fmt.Errorf("send event %q: %w", e.ID(), err)
	}
	response, err := b.HTTP.Do(request)
	if err != nil {
		return fault.New(fault.Busy, "BrokerAway", "the broker does not answer now: %w", err)
	}
	defer response.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(response.Body, 1<<16)) // so that the connection is used again
	if response.StatusCode >= http.StatusMultipleChoices {
		return fault.New(fault.Busy, "BrokerAway", "the broker does not take events now: %w", fmt.Errorf("event %q: status %d", e.ID(), response.StatusCode))
	}
	return nil
}

// Outbox keeps intended events in the store.
type Outbox struct {
	intents store.Collection[intent]
	broker  Broker
	now     func() time.Time
}

type intent struct {
	ID    string    `bson:"_id"`
	Event []byte    `bson:"event"`
	At    time.Time `bson:"at"`
}

// NewOutbox keeps its intents in db and tells broker.
func NewOutbox(db *mongo.Database, broker Broker, now func() time.Time) *Outbox {
	return &Outbox{intents: store.In[intent](db, "outbox"), broker: broker, now: now}
}

// Intend keeps the event before its effect is done. The same event may be intended again.
func (o *Outbox) Intend(ctx context.Context, e cloudevents.Event) error {
	trace.ToEvent(ctx, &e)
	text, err := e.MarshalJSON()
	if err != nil {
		return fmt.Errorf("intend event %q: %w", e.ID(), err)
	}
	return o.intents.Put(ctx, key(e), &intent{ID: key(e), Event: text, At: o.now().UTC()})
}

// Tell sends an intended event and forgets the intent.
func (o *Outbox) Tell(ctx context.Context, e cloudevents.Event) error {
	if err := o.broker.Send(ctx, e); err != nil {
		return err
	}
	return o.intents.Delete(ctx, key(e))
}

// Drop forgets an intent whose effect will not happen.
func (o *Outbox) Drop(ctx context.Context, e cloudevents.Event) error {
	return o.intents.Delete(ctx, key(e))
}

// Relay tells what was intended at least age ago and not told: age must be longer than an operation may take, so
// that the effect has happened or never will. It returns how many it told; one that cannot be told does not hold up
// the others.
func (o *Outbox) Relay(ctx context.Context, age time.Duration) (told int, err error) {
	waiting, err := o.intents.List(ctx, bson.D{})
	if err != nil {
		return 0, err
	}
	var errs []error
	for _, i := range waiting {
		if o.now().Sub(i.At) < age {
			continue
		}
		if err := o.relay(ctx, i); err != nil {
			errs = append(errs, fmt.Errorf("relay %q: %w", i.ID, err))
			continue
		}
		told++
	}
	return told, errors.Join(errs...)
}

func (o *Outbox) relay(ctx context.Context, i intent) error {
	e := cloudevents.NewEvent()
	if err := e.UnmarshalJSON(i.Event); err != nil {
		return err
	}
	return o.Tell(trace.FromEvent(ctx, e), e)
}

func key(e cloudevents.Event) string { return e.Source() + "\x00" + e.ID() }
