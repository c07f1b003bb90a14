package broker_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	cloudevents "github.com/cloudevents/sdk-go/v2"
	"github.com/cloudevents/sdk-go/v2/binding"
	cehttp "github.com/cloudevents/sdk-go/v2/protocol/http"

	"onex.io/onex/knative/local/broker"
	"onex.io/onex/knative/local/mesh"
)

// world is a broker with subscribers behind a mesh. The broker can be stopped and started again.
type world struct {
	t      *testing.T
	mesh   *mesh.Mesh
	dir    string
	state  string
	broker *broker.Broker
	stop   func()
}

func newWorld(t *testing.T, files map[string]string) *world {
	t.Helper()
	m, err := mesh.New(mesh.Options{})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- m.Run(ctx) }()
	w := &world{t: t, mesh: m, dir: t.TempDir(), state: t.TempDir()}
	for name, content := range files {
		w.write(name, content)
	}
	t.Cleanup(func() {
		w.stop()
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	w.start()
	return w
}

func (w *world) start() {
	w.t.Helper()
	b, err := broker.New(broker.Options{
		Dirs: []string{w.dir}, Namespace: "onex", State: w.state, Poll: 5 * time.Millisecond,
		Client: &http.Client{Transport: w.mesh.Transport()}, Log: slog.New(slog.NewTextHandler(w.t.Output(), nil)),
	})
	if err != nil {
		w.t.Fatal(err)
	}
	w.broker = b
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- b.Run(ctx) }()
	var once sync.Once
	w.stop = func() {
		once.Do(func() {
			cancel()
			if err := <-done; err != nil {
				w.t.Error(err)
			}
		})
	}
}

func (w *world) write(name, content string) {
	w.t.Helper()
	path := filepath.Join(w.dir, name)
	if err := os.WriteFile(path+".next", []byte(content), 0o600); err != nil {
		w.t.Fatal(err)
	}
	if err := os.Rename(path+".next", path); err != nil {
		w.t.Fatal(err)
	}
}

// subscriber records what it gets and answers as told.
type subscriber struct {
	mu     sync.Mutex
	got    []cloudevents.Event
	header http.Header
	answer func(n int, e cloudevents.Event, w http.ResponseWriter)
}

func (w *world) subscribe(name string, answer func(n int, e cloudevents.Event, w http.ResponseWriter)) *subscriber {
	s := &subscriber{answer: answer}
	w.mesh.Handle(name, "onex", s)
	return s
}

func (s *subscriber) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	e, err := cloudevents.NewEventFromHTTPRequest(r)
	if err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	s.mu.Lock()
	s.got = append(s.got, *e)
	s.header = r.Header
	n := len(s.got)
	s.mu.Unlock()
	if s.answer == nil {
		w.WriteHeader(http.StatusAccepted)
		return
	}
	s.answer(n, *e, w)
}

func (s *subscriber) events() []cloudevents.Event {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]cloudevents.Event(nil), s.got...)
}

// await waits for n events.
func (s *subscriber) await(t *testing.T, n int) []cloudevents.Event {
	t.Helper()
	eventually(t, func() string {
		if got := len(s.events()); got < n {
			return fmt.Sprintf("subscriber has %d events, want %d", got, n)
		}
		return ""
	})
	return s.events()
}

// awaitOwed waits until so many deliveries are not over: an answer counts when it is on disk.
func (w *world) awaitOwed(n int64) {
	w.t.Helper()
	eventually(w.t, func() string {
		if got := w.broker.Owed(); got != n {
			return fmt.Sprintf("%d deliveries are owed, want %d", got, n)
		}
		return ""
	})
}

func eventually(t *testing.T, missing func() string) {
	t.Helper()
	deadline := time.Now().Add(time.Minute)
	for missing() != "" {
		if time.Now().After(deadline) {
			t.Fatal(missing())
		}
		time.Sleep(2 * time.Millisecond)
	}
}

func event(id, typ string) cloudevents.Event {
	e := cloudevents.NewEvent()
	e.SetID(id)
	e.SetType(typ)
	e.SetSource("/test")
	_ = e.SetData(cloudevents.ApplicationJSON, map[string]string{"id": id})
	return e
}

// post sends an event to the broker "default" and gives the status.
func (w *world) post(e cloudevents.Event) int {
	w.t.Helper()
	req := httptest.NewRequest(http.MethodPost, "/onex/default", nil)
	if err := cehttp.WriteRequest(w.t.Context(), binding.ToMessage(&e), req); err != nil {
		w.t.Fatal(err)
	}
	rec := httptest.NewRecorder()
	w.broker.ServeHTTP(rec, req)
	return rec.Code
}

func (w *world) accept(e cloudevents.Event) {
	w.t.Helper()
	if code := w.post(e); code != http.StatusAccepted {
		w.t.Fatalf("broker answers %d, want 202", code)
	}
}

// trigger is a Trigger file.
func trigger(name, rest string) string {
	return `apiVersion: eventing.knative.dev/v1
kind: Trigger
metadata: {name: ` + name + `}
spec:
  broker: default
  subscriber: {ref: {apiVersion: serving.knative.dev/v1, kind: Service, name: ` + name + `}}
` + rest
}

const quickRetry = "  delivery: {retry: 3, backoffPolicy: linear, backoffDelay: PT0.01S%s}\n"

func quick(more string) string { return fmt.Sprintf(quickRetry, more) }

const toGrave = ", deadLetterSink: {ref: {apiVersion: serving.knative.dev/v1, kind: Service, name: grave}}"
