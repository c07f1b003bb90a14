package op_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"onex.io/onex/shared/access"
	"onex.io/onex/shared/fault"
	"onex.io/onex/shared/op"
	"onex.io/onex/shared/platform"
	"onex.io/onex/shared/sse"
	"onex.io/onex/shared/token"
)

type tick struct {
	N int `json:"n"`
}

type ticks struct {
	From int    `query:"from" minimum:"0"`
	Last string `header:"Last-Event-ID"`
}

type send = func(sse.Event[tick]) error

// streaming is an operation that answers with a stream.
func streaming(handle func(context.Context, *ticks, send) error) op.Operation {
	return op.Operation{
		Name: "watch-ticks", Summary: "Ticks.", Allow: access.SignedIn, Wakes: op.On(op.Get("/v1/ticks")),
		Handler: op.Stream(func(*platform.Platform) (op.StreamFunc[ticks, tick], error) { return handle, nil }),
	}
}

// open asks for the stream as user-a.
func (w *world) open(ctx context.Context, o op.Operation, query string, header http.Header) *http.Response {
	w.t.Helper()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, w.serve(o).URL+"/v1/ticks"+query, nil)
	if err != nil {
		w.t.Fatal(err)
	}
	r.Header.Set("Authorization", w.bearer(token.Access))
	for name, v := range header {
		r.Header[name] = v
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { response.Body.Close() })
	return response
}

func TestEachEventIsSentWhenItHappens(t *testing.T) {
	w, next := newWorld(t), make(chan struct{})
	response := w.open(t.Context(), streaming(func(_ context.Context, in *ticks, send send) error {
		for n := range 3 {
			if err := send(sse.Event[tick]{ID: in.Last + "+", Name: "tick", Data: tick{in.From + n}}); err != nil {
				return err
			}
			<-next
		}
		return nil
	}), "?from=5", http.Header{"Last-Event-Id": {"4"}})
	if response.StatusCode != http.StatusOK || response.Header.Get("Content-Type") != sse.ContentType || response.Header.Get("X-Request-Id") == "" {
		t.Fatalf("answered %d with %v", response.StatusCode, response.Header)
	}
	text := bufio.NewReader(response.Body)
	for _, want := range []string{`{"n":5}`, `{"n":6}`, `{"n":7}`} {
		for _, line := range []string{"id: 4+\n", "event: tick\n", "data: " + want + "\n", "\n"} {
			if got, err := text.ReadString('\n'); got != line {
				t.Fatalf("%q, want %q (%v)", got, line, err)
			}
		}
		next <- struct{}{} // only now does the next one happen
	}
	if rest, err := io.ReadAll(text); err != nil || len(rest) > 0 {
		t.Errorf("then came %q, %v", rest, err)
	}
}

func TestUntilItIsOpenAStreamMayRefuse(t *testing.T) {
	denied := fault.New(fault.Denied, "Forbidden", "not yours")
	for _, row := range []struct {
		name, query string
		handle      func(context.Context, *ticks, send) error
		status      int
		body        string
	}{
		{"at once", "", func(context.Context, *ticks, send) error { return denied }, 403, `"reason":"Forbidden"`},
		{"a request that is not valid", "?from=-1", nil, 400, `"field":"query.from"`},
		{"once it is open it breaks off", "", func(_ context.Context, _ *ticks, send send) error {
			return errors.Join(send(sse.Event[tick]{}), denied)
		}, 200, ":\n\n"},
		{"nothing happens", "", func(context.Context, *ticks, send) error { return nil }, 200, ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			response := newWorld(t).open(t.Context(), streaming(row.handle), row.query, nil)
			text, err := io.ReadAll(response.Body)
			if err != nil || response.StatusCode != row.status || !strings.Contains(string(text), row.body) || row.body == "" && len(text) > 0 {
				t.Errorf("answered %d %q, %v", response.StatusCode, text, err)
			}
		})
	}
}

func TestNobodyStreamsWithoutAToken(t *testing.T) {
	w := newWorld(t)
	response := w.open(t.Context(), streaming(nil), "", http.Header{"Authorization": {"Bearer forged"}})
	if response.StatusCode != http.StatusUnauthorized {
		t.Errorf("answered %d", response.StatusCode)
	}
}

// untilItEnds opens the line and waits until its context ends.
func untilItEnds(ended chan<- error) func(context.Context, *ticks, send) error {
	return func(ctx context.Context, _ *ticks, send send) error {
		if err := send(sse.Event[tick]{}); err != nil {
			return err
		}
		<-ctx.Done()
		ended <- ctx.Err()
		return ctx.Err()
	}
}

func TestAStreamEnds(t *testing.T) {
	for _, row := range []struct {
		name string
		set  func(*platform.Platform)
		// then ends it, if it does not end by itself.
		then func(gone context.CancelFunc, stop chan struct{})
	}{
		{"when its caller goes", nil, func(gone context.CancelFunc, _ chan struct{}) { gone() }},
		{"when the pod has to go", nil, func(_ context.CancelFunc, stop chan struct{}) { close(stop) }},
		{"when its time is up", func(p *platform.Platform) { p.Config.StreamLife = 50 * time.Millisecond }, func(context.CancelFunc, chan struct{}) {}},
	} {
		t.Run(row.name, func(t *testing.T) {
			w, ended, stop := newWorld(t), make(chan error, 1), make(chan struct{})
			w.platform.Config.StreamLife, w.platform.Stopping = time.Hour, stop
			if row.set != nil {
				row.set(w.platform)
			}
			ctx, gone := context.WithCancel(t.Context())
			defer gone()
			response := w.open(ctx, streaming(untilItEnds(ended)), "", nil)
			row.then(gone, stop)
			select {
			case <-ended:
			case <-time.After(time.Minute):
				t.Fatal("the operation does not hear of it")
			}
			text, err := io.ReadAll(response.Body)
			if ctx.Err() == nil && (err != nil || string(text) != ":\n\n") {
				t.Errorf("read %q, %v", text, err)
			}
			if log := w.log.String(); strings.Contains(log, "ERROR") {
				t.Errorf("that is no fault, and the log says %s", log)
			}
		})
	}
}
