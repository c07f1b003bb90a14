package broker

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	cloudevents "github.com/cloudevents/sdk-go/v2"
	"github.com/cloudevents/sdk-go/v2/binding"
	cehttp "github.com/cloudevents/sdk-go/v2/protocol/http"
	eventingduckv1 "knative.dev/eventing/pkg/apis/duck/v1"
	"knative.dev/eventing/pkg/kncloudevents/attributes"
)

// start begins a delivery, unless the broker is stopping: then the next start does. The lock is held.
func (b *Broker) start(p pending) {
	if b.life == nil {
		return
	}
	ctx := b.life
	b.owed.Add(1)
	b.working.Go(func() {
		defer b.owed.Add(-1)
		if b.deliver(ctx, p) {
			if err := b.queue.done(p); err != nil {
				b.o.Log.Error("delivered event stays in the queue", "trigger", p.trigger.String(), "error", err)
			}
		}
	})
}

// deliver brings an event to its trigger's subscriber, or to the dead letter sink. It tells whether nothing is owed
// any more.
func (b *Broker) deliver(ctx context.Context, p pending) bool {
	r, e, err := b.load(p.seq)
	if err != nil {
		b.o.Log.Error("event is lost", "trigger", p.trigger.String(), "error", err)
		return true
	}
	out, t := b.attempts(ctx, p, func(t *active) outcome { return b.toSubscriber(ctx, t, r, e) })
	if out.over || t == nil {
		return ctx.Err() == nil || out.over
	}
	log := b.o.Log.With("trigger", t.String(), "type", e.Type(), "source", e.Source(), "id", e.ID(), "status", out.status)
	if t.deadLetter == nil {
		log.Error("event dropped: its subscriber refused it and there is no dead letter sink")
		return true
	}
	log.Warn("event goes to the dead letter sink")
	out, t = b.attempts(ctx, p, func(t *active) outcome { return b.toDeadLetter(ctx, t, e, out) })
	if out.over || t == nil {
		return ctx.Err() == nil || out.over
	}
	log.Error("event dropped: the dead letter sink refused it")
	return true
}

func (b *Broker) load(seq uint64) (record, cloudevents.Event, error) {
	var e cloudevents.Event
	r, err := b.queue.get(seq)
	if err == nil {
		err = json.Unmarshal(r.Event, &e)
	}
	return r, e, err
}

// outcome is what came of one attempt.
type outcome struct {
	over   bool // nothing more to do
	status int
	body   []byte
}

// attempts tries until it is over, or refused for good, or refused too often. The trigger is looked up each time, for
// its file may have changed; it is nil when it is gone, or when the broker stops.
func (b *Broker) attempts(ctx context.Context, p pending, try func(*active) outcome) (outcome, *active) {
	for n := 0; ; n++ {
		t := b.trigger(p.trigger)
		if t == nil {
			return outcome{}, nil
		}
		select {
		case t.slots <- struct{}{}:
		case <-ctx.Done():
			return outcome{}, nil
		}
		out := try(t)
		<-t.slots
		if out.over {
			return out, t
		}
		if ctx.Err() != nil {
			return outcome{}, nil
		}
		if !retryable(out.status) || n >= t.retry {
			return out, t
		}
		wait(ctx, t.backoff(n))
		if ctx.Err() != nil {
			return outcome{}, nil
		}
	}
}

func wait(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// toSubscriber makes one attempt; a reply event has to be accepted for it to count.
func (b *Broker) toSubscriber(ctx context.Context, t *active, r record, e cloudevents.Event) outcome {
	out, header := b.post(ctx, t, letter{to: t.subscriber, event: e})
	if !out.over {
		return out
	}
	reply, err := replyOf(ctx, header, out.body)
	if err != nil {
		return outcome{status: http.StatusBadGateway, body: []byte(err.Error())}
	}
	if reply == nil {
		return out
	}
	reply.SetExtension(ttlExtension, r.TTL)
	switch err := b.accept(ctx, r.Broker, *reply); {
	case errors.Is(err, errInvalid):
		b.o.Log.Error("reply dropped", "trigger", t.String(), "type", reply.Type(), "id", reply.ID(), "error", err)
	case err != nil:
		return outcome{status: http.StatusServiceUnavailable, body: []byte(err.Error())}
	}
	return out
}

// replyOf reads the event in an answer, if there is one. An answer that is neither empty nor an event is a failure,
// as it is for Knative.
func replyOf(ctx context.Context, header http.Header, body []byte) (*cloudevents.Event, error) {
	m := cehttp.NewMessage(header, io.NopCloser(bytes.NewReader(body)))
	if m.ReadEncoding() == binding.EncodingUnknown {
		if len(body) > 0 {
			return nil, errors.New("the answer is neither empty nor an event")
		}
		return nil, nil
	}
	e, err := binding.ToEvent(ctx, m)
	if err != nil {
		return nil, fmt.Errorf("read reply: %w", err)
	}
	return e, nil
}

// toDeadLetter sends the event on with where it was refused, how and why.
func (b *Broker) toDeadLetter(ctx context.Context, t *active, e cloudevents.Event, why outcome) outcome {
	if t.deadLetter == nil {
		return outcome{status: http.StatusGone} // it was taken away meanwhile
	}
	code := why.status
	if code == noResponse {
		code = http.StatusInternalServerError
	}
	data := base64.StdEncoding.EncodeToString(why.body)
	data = data[:min(len(data), attributes.KnativeErrorDataExtensionMaxLength)]
	out, _ := b.post(ctx, t, letter{t.deadLetter, e, attributes.KnativeErrorTransformers(*t.subscriber, code, data)})
	return out
}

// letter is an event on its way.
type letter struct {
	to    *url.URL
	event cloudevents.Event
	add   []binding.Transformer
}

// post sends a letter once.
func (b *Broker) post(ctx context.Context, t *active, l letter) (outcome, http.Header) {
	ctx, cancel := context.WithTimeout(ctx, t.timeout)
	defer cancel()
	req, err := newRequest(ctx, t, l)
	if err != nil {
		return outcome{status: http.StatusBadRequest, body: []byte(err.Error())}, nil
	}
	resp, err := b.o.Client.Do(req)
	if err != nil {
		return outcome{status: noResponse, body: fmt.Appendf(nil, "dispatch error: %v", err)}, nil
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxBody))
	if err != nil {
		return outcome{status: noResponse, body: fmt.Appendf(nil, "dispatch error: %v", err)}, nil
	}
	good := resp.StatusCode >= 200 && resp.StatusCode < 300
	return outcome{over: good, status: resp.StatusCode, body: body}, resp.Header
}

func newRequest(ctx context.Context, t *active, l letter) (*http.Request, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, l.to.String(), nil)
	if err != nil {
		return nil, fmt.Errorf("make request: %w", err)
	}
	req.Header.Set("Prefer", "reply")
	write := ctx
	if t.format != nil && *t.format == eventingduckv1.DeliveryFormatJson {
		write = binding.WithForceStructured(ctx)
	}
	if err := cehttp.WriteRequest(write, binding.ToMessage(&l.event), req, l.add...); err != nil {
		return nil, fmt.Errorf("write event: %w", err)
	}
	return req, nil
}
