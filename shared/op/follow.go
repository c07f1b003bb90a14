package op

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"reflect"
	"strconv"
	"sync"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"onex.io/onex/shared/platform"
	"onex.io/onex/shared/sse"
)

// StreamFunc is an operation whose answer goes on: it sends what happens when it happens, until ctx ends or there is
// nothing more to come. Until something is sent it can refuse, as a RequestFunc does; an event without a name says only
// that from now on it will not. It must not send from two places at once.
type StreamFunc[In, Data any] func(ctx context.Context, in *In, send func(sse.Event[Data]) error) error

// Stream puts a StreamFunc behind HTTP, as server-sent events. An open stream keeps its pod awake, so it ends after a
// while (ONEX_STREAM_LIFE), and sooner when the pod has to go; whoever wants more comes back with Last-Event-ID.
func Stream[In, Data any](build func(*platform.Platform) (StreamFunc[In, Data], error)) Handler {
	return Handler{
		in: reflect.TypeFor[In](), out: reflect.TypeFor[Data](), streams: true,
		describe: func(o Operation, api huma.API) {
			registerStream[In, Data](api, o, func(context.Context, *In) (*huma.StreamResponse, error) {
				return &huma.StreamResponse{Body: func(huma.Context) {}}, nil
			})
		},
		serve: func(p *platform.Platform, o Operation) (http.Handler, error) {
			handle, err := build(p)
			if err != nil {
				return nil, err
			}
			return guarded(p, o, p.Config.StreamLife, func(api huma.API) { registerStream[In, Data](api, o, follow(p, o.Name, handle)) })
		},
	}
}

// registerStream is register for what has no one reply.
func registerStream[In, Data any](api huma.API, o Operation, handle func(context.Context, *In) (*huma.StreamResponse, error)) {
	registry := api.OpenAPI().Components.Schemas
	for _, route := range o.Routes() {
		described := apiOperation(o, route)
		described.Responses = map[string]*huma.Response{strconv.Itoa(http.StatusOK): {
			Description: "Server-sent events; the data of each is this.",
			Content:     map[string]*huma.MediaType{sse.ContentType: {Schema: registry.Schema(reflect.TypeFor[Data](), true, o.Name)}},
		}}
		huma.Register(api, described, handle)
	}
	textNumbers(registry)
}

// follow answers a request with what the handler sends.
func follow[In, Data any](p *platform.Platform, name string, handle StreamFunc[In, Data]) func(context.Context, *In) (*huma.StreamResponse, error) {
	return func(_ context.Context, in *In) (*huma.StreamResponse, error) {
		return &huma.StreamResponse{Body: func(c huma.Context) {
			r, w := humago.Unwrap(c)
			ctx, cancel := context.WithCancel(r.Context())
			defer cancel()
			l := &line{w: w, out: http.NewResponseController(w)}
			defer l.keep(cancel, ctx.Done(), p.Stopping)()
			err := handle(ctx, in, func(e sse.Event[Data]) error {
				text, err := e.Encode()
				if err != nil {
					return err
				}
				return l.say(text)
			})
			l.end(r.Context(), p.Log, name, err)
		}}, nil
	}
}

const (
	// beat is how often a stream says something, so that whoever stands between knows that it lives.
	beat = 15 * time.Second
	// patience is how long a caller may take to read what is said.
	patience = 30 * time.Second
)

// line is the way to one caller.
type line struct {
	mu   sync.Mutex
	w    http.ResponseWriter
	out  *http.ResponseController
	open bool
}

// say sends text off at once.
func (l *line) say(text []byte) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.open {
		l.open = true
		l.w.Header().Set("Content-Type", sse.ContentType)
		l.w.Header().Set("X-Accel-Buffering", "no") // to proxies that would wait for more
		l.w.WriteHeader(http.StatusOK)
	}
	if err := l.out.SetWriteDeadline(time.Now().Add(patience)); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return err
	}
	if _, err := l.w.Write(text); err != nil {
		return err
	}
	return l.out.Flush()
}

// keep beats on an open line until the work is done or the pod must go, which cancels the work. What it returns waits
// for its end: nobody writes after the handler.
func (l *line) keep(cancel context.CancelFunc, done, stopping <-chan struct{}) (wait func()) {
	var beating sync.WaitGroup
	beating.Go(func() {
		ticks := time.NewTicker(beat)
		defer ticks.Stop()
		for {
			select {
			case <-done:
				return
			case <-stopping:
				cancel()
				return
			case <-ticks.C:
				l.beat(cancel)
			}
		}
	})
	return func() { cancel(); beating.Wait() }
}

// beat says nothing, aloud. It does not open a line: until then the handler may refuse.
func (l *line) beat(cancel context.CancelFunc) {
	l.mu.Lock()
	open := l.open
	l.mu.Unlock()
	if open && l.say(sse.Beat()) != nil {
		cancel()
	}
}

// end refuses what was never opened. An open line can only break off: its caller comes back and then hears why. That
// the caller went, or that the time was up, is no fault.
func (l *line) end(ctx context.Context, log *slog.Logger, name string, err error) {
	l.mu.Lock()
	open := l.open
	l.mu.Unlock()
	defer func() { _ = l.out.SetWriteDeadline(time.Time{}) }() // the connection may serve another request
	switch {
	case !open && err != nil:
		logError(ctx, log, name, err)
		WriteError(ctx, l.w, err)
	case !open:
		_ = l.say(nil) // a stream in which nothing happened
	case err != nil && ctx.Err() == nil && !errors.Is(err, context.Canceled):
		logError(ctx, log, name, err)
	}
}
