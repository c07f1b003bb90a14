package broker

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"

	cloudevents "github.com/cloudevents/sdk-go/v2"
	cetypes "github.com/cloudevents/sdk-go/v2/types"
)

const (
	// ttlExtension counts the passes through the broker that an event has left.
	ttlExtension = "knativebrokerttl"
	// firstTTL is what an event starts with.
	firstTTL = 255
	// maxBody bounds an event.
	maxBody = 4 << 20
)

var (
	errUnknownBroker = errors.New("no such broker")
	errInvalid       = errors.New("not a valid event")
	errFull          = errors.New("too many events wait")
)

// ServeHTTP takes an event at POST /<namespace>/<broker>. It answers 202 when the event is kept.
func (b *Broker) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Allow", "POST, OPTIONS")
	switch r.Method {
	case http.MethodPost:
	case http.MethodOptions:
		w.Header().Set("WebHook-Allowed-Origin", "*")
		w.WriteHeader(http.StatusOK)
		return
	default:
		w.WriteHeader(http.StatusMethodNotAllowed)
		return
	}
	broker, ok := brokerOf(r.URL.Path)
	if !ok {
		w.WriteHeader(http.StatusNotFound)
		return
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxBody)
	e, err := cloudevents.NewEventFromHTTPRequest(r)
	if err == nil {
		err = b.receive(r.Context(), broker, *e)
	} else if tooLarge := new(http.MaxBytesError); !errors.As(err, &tooLarge) {
		err = fmt.Errorf("%w: %w", errInvalid, err)
	}
	if err != nil {
		b.o.Log.Warn("event refused", "broker", broker.String(), "error", err)
	}
	w.WriteHeader(answer(w.Header(), err))
}

func brokerOf(path string) (ref, bool) {
	namespace, name, ok := strings.Cut(strings.Trim(path, "/"), "/")
	return ref{namespace, name}, ok && namespace != "" && name != "" && !strings.Contains(name, "/")
}

// answer is the status for what became of an event.
func answer(h http.Header, err error) int {
	tooLarge := new(http.MaxBytesError)
	switch {
	case err == nil:
		return http.StatusAccepted
	case errors.As(err, &tooLarge):
		return http.StatusRequestEntityTooLarge
	case errors.Is(err, errInvalid):
		return http.StatusBadRequest
	case errors.Is(err, errUnknownBroker):
		return http.StatusNotFound
	case errors.Is(err, errFull):
		h.Set("Retry-After", "1")
		return http.StatusTooManyRequests
	default:
		return http.StatusInternalServerError
	}
}

// receive waits for the files, for an event must not be lost because it came early.
func (b *Broker) receive(ctx context.Context, broker ref, e cloudevents.Event) error {
	select {
	case <-b.loaded:
	case <-ctx.Done():
		return ctx.Err()
	}
	if err := e.Validate(); err != nil {
		return fmt.Errorf("%w: %w", errInvalid, err)
	}
	if !b.exists(broker) {
		return errUnknownBroker
	}
	return b.accept(ctx, broker, e)
}

// accept counts the event's pass, keeps it and starts its deliveries.
func (b *Broker) accept(ctx context.Context, broker ref, e cloudevents.Event) error {
	ttl := nextTTL(e)
	if ttl <= 0 {
		return fmt.Errorf("%w: it has gone round too often", errInvalid)
	}
	e.SetExtension(ttlExtension, nil)
	triggers := b.match(ctx, broker, e)
	if len(triggers) == 0 {
		return nil
	}
	if int(b.owed.Load()) >= b.o.MaxPending {
		return errFull
	}
	raw, err := json.Marshal(e)
	if err != nil {
		return fmt.Errorf("%w: %w", errInvalid, err)
	}
	seq, err := b.queue.add(record{Broker: broker, TTL: ttl, Event: raw}, triggers)
	if err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, t := range triggers {
		b.start(pending{seq, t})
	}
	return nil
}

// nextTTL is what is left after this pass.
func nextTTL(e cloudevents.Event) int32 {
	raw, ok := e.Extensions()[ttlExtension]
	if !ok {
		return firstTTL
	}
	ttl, err := cetypes.ToInteger(raw)
	if err != nil {
		return firstTTL
	}
	return ttl - 1
}
