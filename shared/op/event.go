package op

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	cloudevents "github.com/cloudevents/sdk-go/v2"

	"onex.io/onex/shared/fault"
	"onex.io/onex/shared/platform"
	"onex.io/onex/shared/stream"
	"onex.io/onex/shared/trace"
)

// EventFunc is an event operation. An event may come twice, late and out of order, and may be forged: it only says
// where to look.
type EventFunc func(ctx context.Context, e cloudevents.Event) error

// OnEvent puts an EventFunc behind the HTTP delivery of Knative Eventing.
//
// It decodes each request by itself. The receivers of the CloudEvents SDK, and functions.CloudEvent on top of them,
// pass all requests through one channel, where a delivery can wait for ever for a taker that has gone.
func OnEvent(build func(*platform.Platform) (EventFunc, error)) Handler {
	return Handler{serve: func(p *platform.Platform, o Operation) (http.Handler, error) {
		handle, err := build(p)
		if err != nil {
			return nil, err
		}
		deliver := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			err := deliver(r, handle)
			if err == nil {
				w.WriteHeader(http.StatusAccepted) // 202 never carries a reply event
				return
			}
			logError(r.Context(), p.Log, o.Name, err)
			writeProblem(r.Context(), w, deliveryProblem(err))
		})
		return around(p, o.Name, p.Config.RequestTimeout, onlyPost(deliver)), nil
	}}
}

// badEvent is the reason of a delivery that holds no event.
const badEvent = "BadEvent"

// maxRefusal bounds what a broker is told, in bytes. Knative keeps as many of a refusal with the dead letter, and its
// dispatcher panics over a longer one (eventing 0.50).
const maxRefusal = 768

// deliveryProblem tells the broker whether to deliver again: what is no event is its sender's fault and says so.
func deliveryProblem(err error) *problem {
	p := newProblem(err)
	p.Metadata = map[string]string{}
	for p.Message != "" && p.length() > maxRefusal {
		p.Message = strings.ToValidUTF8(p.Message[:len(p.Message)/2], "")
	}
	p.Code = fault.DeliveryStatus(fault.KindOf(err))
	if p.Reason == badEvent {
		p.Code = http.StatusBadRequest
	}
	return p
}

func deliver(r *http.Request, handle EventFunc) error {
	e, err := cloudevents.NewEventFromHTTPRequest(r)
	if err != nil {
		return fault.New(fault.Invalid, badEvent, "the request holds no CloudEvent: %w", err)
	}
	if err := e.Validate(); err != nil {
		return fault.New(fault.Invalid, badEvent, "the CloudEvent is not valid: %w", err)
	}
	if err := handle(trace.FromEvent(r.Context(), *e), *e); err != nil {
		return fmt.Errorf("event %q of %q: %w", e.ID(), e.Source(), err)
	}
	return nil
}

func onlyPost(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.Method == http.MethodOptions:
			w.Header().Set("Allow", http.MethodPost)
		case r.Method != http.MethodPost:
			w.Header().Set("Allow", http.MethodPost)
			w.WriteHeader(http.StatusMethodNotAllowed)
		case strings.HasPrefix(r.Header.Get("Content-Type"), cloudevents.ApplicationCloudEventsBatchJSON):
			w.WriteHeader(http.StatusUnsupportedMediaType)
		default:
			h.ServeHTTP(w, r)
		}
	})
}

// BatchFunc is a batch operation: a stream's events by the hundred. The same rules hold as for an EventFunc.
type BatchFunc = stream.Handle

// OnBatch puts a BatchFunc behind the operation's topic. The consumer group has the operation's name.
func OnBatch(build func(*platform.Platform) (BatchFunc, error)) Handler {
	return Handler{run: func(ctx context.Context, p *platform.Platform, o Operation) error {
		handle, err := build(p)
		if err != nil {
			return err
		}
		return stream.Consume(ctx, stream.Group{
			Cluster: p.Streams(), Topic: o.Topic().Name, Name: o.Name, Member: p.Member,
		}, p.Log, p.Telemetry.Consume(o.Name, o.Topic().Name, handle))
	}}
}

// Job is an operation that runs to its end when the platform is deployed.
func Job(run func(context.Context, *platform.Platform) error) Handler {
	return Handler{run: func(ctx context.Context, p *platform.Platform, o Operation) error {
		return p.Telemetry.Run(ctx, o.Name, func(ctx context.Context) error { return run(ctx, p) })
	}}
}

// Raw is a handler that needs the request itself, as a gateway does. It does not authenticate: what it passes the
// request to does. How long a request may take is its own affair.
func Raw(build func(*platform.Platform) (http.Handler, error)) Handler {
	return Handler{serve: func(p *platform.Platform, o Operation) (http.Handler, error) {
		h, err := build(p)
		if err != nil {
			return nil, err
		}
		return around(p, o.Name, 0, h), nil
	}}
}
