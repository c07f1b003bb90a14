package clock_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	cloudevents "github.com/cloudevents/sdk-go/v2"

	"onex.io/onex/knative/local/clock"
	"onex.io/onex/knative/local/mesh"
)

// world is a clock whose sinks are behind a mesh.
type world struct {
	t     *testing.T
	dir   string
	mesh  *mesh.Mesh
	clock *clock.Clock

	mu  sync.Mutex
	got []cloudevents.Event
	bad int // answers to refuse first
}

func newWorld(t *testing.T, file string) *world {
	t.Helper()
	m, err := mesh.New(mesh.Options{})
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, dir: t.TempDir(), mesh: m}
	w.write(file)
	m.Handle("nightwatch", "onex", w)
	m.Handle("broker-ingress", "knative-eventing", w)
	w.clock, err = clock.New(clock.Options{
		Dirs: []string{w.dir}, Namespace: "onex", Poll: time.Millisecond, Client: &http.Client{Transport: m.Transport()},
		Log: slog.New(slog.NewTextHandler(t.Output(), nil)),
		Now: func() time.Time { return time.Date(2026, 11, 21, 3, 0, 0, 0, time.UTC) },
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 2)
	go func() { done <- m.Run(ctx) }()
	go func() { done <- w.clock.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		for range 2 {
			if err := <-done; err != nil {
				t.Error(err)
			}
		}
	})
	return w
}

func (w *world) write(content string) {
	w.t.Helper()
	path := filepath.Join(w.dir, "clock.yaml")
	if err := os.WriteFile(path+".next", []byte(content), 0o600); err != nil {
		w.t.Fatal(err)
	}
	if err := os.Rename(path+".next", path); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	e, err := cloudevents.NewEventFromHTTPRequest(r)
	if err != nil {
		rw.WriteHeader(http.StatusBadRequest)
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.got = append(w.got, *e)
	if r.URL.Path != "/" && r.URL.Path != "/onex/default" {
		w.t.Errorf("sent to %s", r.URL)
	}
	if w.bad > 0 {
		w.bad--
		rw.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	rw.WriteHeader(http.StatusAccepted)
}

func (w *world) events() []cloudevents.Event {
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]cloudevents.Event(nil), w.got...)
}

// fire waits for the source to be known.
func (w *world) fire(name string) {
	w.t.Helper()
	w.eventually(func() string { return text(w.clock.Fire(w.t.Context(), "onex", name)) })
}

func (w *world) eventually(missing func() string) {
	w.t.Helper()
	deadline := time.Now().Add(10 * time.Second)
	for missing() != "" {
		if time.Now().After(deadline) {
			w.t.Fatal(missing())
		}
		time.Sleep(time.Millisecond)
	}
}

func text(err error) string {
	if err != nil {
		return err.Error()
	}
	return ""
}

const toService = "{ref: {apiVersion: serving.knative.dev/v1, kind: Service, name: nightwatch}}"

func source(name, schedule, sink, more string) string {
	return `apiVersion: sources.knative.dev/v1
kind: PingSource
metadata: {name: ` + name + `}
spec:
  schedule: "` + schedule + `"
  sink: ` + sink + "\n" + more
}

func TestEvent(t *testing.T) {
	w := newWorld(t, source("clean", "0 3 * * *", toService,
		"  contentType: application/json\n  data: '{\"what\":\"clean\"}'\n  ceOverrides: {extensions: {tenant: t1}}\n"))
	w.fire("clean")
	e := w.events()[0]
	if e.Type() != "dev.knative.sources.ping" || e.Source() != "/apis/v1/namespaces/onex/pingsources/clean" ||
		string(e.Data()) != `{"what":"clean"}` || e.DataContentType() != "application/json" ||
		e.Extensions()["tenant"] != "t1" || e.ID() != "20261121T030000.000Z" {
		t.Errorf("got %s", e)
	}
	if err := w.clock.Fire(t.Context(), "onex", "nobody"); err == nil {
		t.Error("a source that is not there fires")
	}
}

func TestSinks(t *testing.T) {
	for name, sink := range map[string]string{
		"a Service": toService,
		"a Broker":  "{ref: {apiVersion: eventing.knative.dev/v1, kind: Broker, name: default}}",
		"a URI":     "{uri: 'http://nightwatch.onex.svc.cluster.local/'}",
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, source("s", "0 3 * * *", sink, ""))
			w.fire("s")
			if n := len(w.events()); n != 1 {
				t.Errorf("%d events, want 1", n)
			}
		})
	}
}

func TestARefusedEventIsSentAgain(t *testing.T) {
	w := newWorld(t, source("s", "0 3 * * *", toService, ""))
	w.bad = 2
	w.fire("s")
	got := w.events()
	if len(got) != 3 || got[0].ID() != got[2].ID() {
		t.Errorf("%d attempts, want 3 of one event", len(got))
	}
}

func TestSchedulesTick(t *testing.T) {
	w := newWorld(t, source("s", "* * * * * *", toService, "  timezone: Europe/Berlin\n"))
	w.eventually(func() string {
		if n := len(w.events()); n < 2 {
			return fmt.Sprintf("%d events in ten seconds, want 2", n)
		}
		return ""
	})
}

func TestFilesAreReadAgain(t *testing.T) {
	w := newWorld(t, source("old", "0 3 * * *", toService, ""))
	w.fire("old")
	w.write(source("new", "0 3 * * *", toService, ""))
	w.fire("new")
	if err := w.clock.Fire(t.Context(), "onex", "old"); err == nil {
		t.Error("the old source is still there")
	}
	w.write(source("new", "0 3 * *", toService, "")) // not a schedule
	w.write(source("new", "0 3 * * *", toService, "") + "---\n" + source("late", "@daily", toService, ""))
	w.fire("late")
	w.fire("new")
}
