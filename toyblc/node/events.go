package node

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	cloudevents "github.com/cloudevents/sdk-go/v2"
	cehttp "github.com/cloudevents/sdk-go/v2/protocol/http"

	"onex.io/onex/eventing"
	"onex.io/onex/shared/trace"
	"onex.io/onex/toyblc/block"
)

const (
	eventQueue  = 256
	eventLimit  = 5 * time.Second // one attempt
	eventFirst  = 200 * time.Millisecond
	eventLong   = 30 * time.Second
	eventGiveUp = 10 // attempts
)

// emitter tells the platform of blocks. What it says is a hint that the chain
// may have grown: when the sink is away for long, old hints are forgotten, and
// a newer one serves as well.
type emitter struct {
	client cloudevents.Client
	sink   string
	source string
	chain  string
	queue  chan cloudevents.Event
	log    *slog.Logger
}

func newEmitter(sink, source string, log *slog.Logger) (*emitter, error) {
	client, err := cloudevents.NewClientHTTP(cloudevents.WithTarget(sink))
	if err != nil {
		return nil, fmt.Errorf("event client: %w", err)
	}
	_, chain, _ := eventing.ChainOfSource(source)
	return &emitter{
		client: client, sink: sink, source: source, chain: chain, log: log,
		queue: make(chan cloudevents.Event, eventQueue),
	}, nil
}

// blockMined queues an event within the trace of ctx; it never waits. The id is
// the block's hash, so a block told twice is told once.
func (e *emitter) blockMined(ctx context.Context, b block.Block) {
	event, err := eventing.New(eventing.BlockMined, e.source, b.Hash.String(), b.Time(),
		eventing.BlockMinedData{ChainID: b.ChainID, Height: b.Index, Hash: b.Hash.String()})
	if err != nil {
		e.log.Error("event not made", "hash", b.Hash, "cause", err)
		return
	}
	event.SetSubject(e.chain)
	trace.ToEvent(ctx, &event)
	for {
		select {
		case e.queue <- event:
			return
		default:
		}
		select { // full: the oldest hint goes
		case old := <-e.queue:
			e.log.Warn("event forgotten, the queue is full", "id", old.ID())
		default:
		}
	}
}

// run sends what is queued until ctx ends.
func (e *emitter) run(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case event := <-e.queue:
			e.deliver(ctx, event)
		}
	}
}

func (e *emitter) deliver(ctx context.Context, event cloudevents.Event) {
	wait := eventFirst
	for attempt := 1; ; attempt++ {
		err := e.send(ctx, event)
		if err == nil {
			return
		}
		if ctx.Err() != nil || permanent(err) || attempt == eventGiveUp {
			e.log.Warn("event not delivered", "id", event.ID(), "attempts", attempt, "cause", err)
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(wait):
		}
		wait = min(2*wait, eventLong)
	}
}

func (e *emitter) send(ctx context.Context, event cloudevents.Event) error {
	ctx, cancel := context.WithTimeout(ctx, eventLimit)
	defer cancel()
	if result := e.client.Send(ctx, event); !cloudevents.IsACK(result) {
		return fmt.Errorf("send event %q: %w", event.ID(), result)
	}
	return nil
}

// permanent reports whether a repeat would be refused again: the same codes
// that Knative itself does not repeat.
func permanent(err error) bool {
	var result *cehttp.Result
	if !errors.As(err, &result) {
		return false
	}
	switch result.StatusCode {
	case http.StatusNotFound, http.StatusRequestTimeout, http.StatusConflict, http.StatusTooManyRequests:
		return false
	}
	return result.StatusCode >= 400 && result.StatusCode < 500
}
