package telemetry_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	cloudevents "github.com/cloudevents/sdk-go/v2"

	"onex.io/onex/shared/fault"
	"onex.io/onex/shared/telemetry"
	"onex.io/onex/shared/telemetry/telemetrytest"
	"onex.io/onex/shared/trace"
)

const (
	id     = "0af7651916cd43dd8448eb211c80319c"
	parent = "00-" + id + "-b7ad6b7169203331-01"
	// requests is how many requests of an operation were answered.
	requests = "http.server.request.duration"
)

// about is what numbers and spans are about.
type about = telemetrytest.Attributes

func newTelemetry(t *testing.T, collector string, ratio float64) *telemetry.Telemetry {
	t.Helper()
	tele, err := telemetry.New(telemetry.Options{Collector: collector, Ratio: ratio, Service: "get-wallet", Version: "get-wallet-00001", Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	return tele
}

func ask(h http.Handler, method, traceparent string) (code int) {
	w := httptest.NewRecorder()
	r := httptest.NewRequest(method, "/v1/wallet", nil)
	if traceparent != "" {
		r.Header.Set("Traceparent", traceparent)
	}
	func() {
		defer func() { _ = recover() }() // as net/http does
		h.ServeHTTP(w, r)
	}()
	return w.Code
}

func answer(w http.ResponseWriter, r *http.Request) {
	switch r.Method {
	case http.MethodPost:
		telemetry.Refused(r.Context(), "InsufficientFunds")
		w.WriteHeader(http.StatusTooManyRequests)
	case http.MethodPut:
		w.WriteHeader(http.StatusBadGateway)
	case http.MethodDelete:
		panic(http.ErrAbortHandler)
	case http.MethodGet:
		_, _ = io.WriteString(w, "yes")
	}
}

func TestEveryRequestIsCountedByHowItEnds(t *testing.T) {
	collector, url := telemetrytest.Start(t)
	var senders sync.WaitGroup
	for range 3 { // processes, one after another or at once
		senders.Go(func() {
			tele := newTelemetry(t, url, 1)
			h := tele.Serve("get-wallet", http.HandlerFunc(answer))
			for range 5 {
				for _, method := range []string{"GET", "POST", "PUT", "DELETE", "HEAD", "BREW"} {
					ask(h, method, "")
				}
			}
			tele.Close(t.Context())
		})
	}
	senders.Wait()
	for name, want := range map[string]struct {
		about about
		count float64
	}{
		"answers":                    {about{"http.request.method": "GET", "http.response.status_code": "200"}, 15},
		"an answer without a word":   {about{"http.request.method": "HEAD", "http.response.status_code": "200"}, 15},
		"a refusal with its reason":  {about{"http.response.status_code": "429", "error.type": "InsufficientFunds"}, 15},
		"one without":                {about{"http.response.status_code": "502", "error.type": "502"}, 15},
		"one that is broken off":     {about{"http.request.method": "DELETE", "error.type": "BrokenOff"}, 15},
		"a method that nobody knows": {about{"http.request.method": "_OTHER"}, 15},
		"all of an operation":        {about{"onex.operation": "get-wallet", "service.name": "get-wallet", "service.namespace": "onex"}, 90},
		"another operation":          {about{"onex.operation": "login"}, 0},
	} {
		if got := collector.Count(requests, want.about); got != want.count {
			t.Errorf("%s: counted %v, want %v", name, got, want.count)
		}
	}
	instances := map[string]bool{}
	for _, p := range collector.Points(requests) {
		instances[p.About["service.instance.id"]] = true
	}
	if len(instances) != 3 {
		t.Errorf("three processes are %d", len(instances))
	}
}

func TestWhatIsServedIsASpanOfTheCallersTrace(t *testing.T) {
	collector, url := telemetrytest.Start(t)
	tele := newTelemetry(t, url, 1)
	var within context.Context
	h := tele.Serve("get-wallet", http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { within = r.Context() }))
	ask(h, http.MethodGet, parent)
	_, part := trace.Within(within, "", "part")
	part.End()
	_, elsewhere := trace.Within(within, "00-11111111111111111111111111111111-b7ad6b7169203331-01", "elsewhere")
	elsewhere.End()
	trace.Within(within, "", "never ended")
	tele.Close(t.Context())

	spans := collector.Trace(id)
	if len(spans) != 2 || spans[0].Name != "get-wallet" || spans[1].Name != "part" {
		t.Fatalf("the trace is %+v", spans)
	}
	if spans[0].Parent != "b7ad6b7169203331" || spans[1].Parent != spans[0].ID || !strings.Contains(trace.Parent(within), spans[0].ID) {
		t.Errorf("who is whose child: %+v", spans)
	}
	if spans[0].About["http.response.status_code"] != "200" || spans[0].About["url.path"] != "/v1/wallet" {
		t.Errorf("it says %v", spans[0].About)
	}
	if other := collector.Trace("11111111111111111111111111111111"); len(other) != 1 || other[0].Links[0] != id {
		t.Errorf("elsewhere: %+v", other)
	}
}

func TestWhatIsToldOfATraceIsDecidedWhereItBegins(t *testing.T) {
	for _, row := range []struct {
		name, parent string
		ratio        float64
		want         int
	}{
		{"a new one, all", "", 1, 1},
		{"a new one, none", "", 0, 0},
		{"the caller's, told of", parent, 0, 1},
		{"the caller's, not told of", strings.TrimSuffix(parent, "1") + "0", 1, 0},
	} {
		collector, url := telemetrytest.Start(t)
		tele := newTelemetry(t, url, row.ratio)
		ask(tele.Serve("get-wallet", http.HandlerFunc(answer)), http.MethodGet, row.parent)
		tele.Close(t.Context())
		if got := len(collector.Trace("")); got != row.want {
			t.Errorf("%s: %d spans, want %d", row.name, got, row.want)
		}
		if collector.Count(requests, nil) != 1 {
			t.Errorf("%s: the request is not counted", row.name)
		}
	}
}

func TestBatchesAndJobsAreCounted(t *testing.T) {
	collector, url := telemetrytest.Start(t)
	tele := newTelemetry(t, url, 1)
	fail := fault.New(fault.Busy, "StoreAway", "away")
	consume := tele.Consume("store-audit", "audit", func(_ context.Context, batch []cloudevents.Event) error {
		if len(batch) == 1 {
			return fail
		}
		return nil
	})
	traced := cloudevents.NewEvent()
	traced.SetExtension("traceparent", parent)
	if err := consume(t.Context(), []cloudevents.Event{traced, cloudevents.NewEvent()}); err != nil {
		t.Error(err)
	}
	if err := consume(t.Context(), []cloudevents.Event{traced}); !errors.Is(err, fail) {
		t.Errorf("got %v", err)
	}
	if err := tele.Run(t.Context(), "make-topics", func(context.Context) error { return fail }); !errors.Is(err, fail) {
		t.Errorf("got %v", err)
	}
	tele.Close(t.Context())
	const messages, batches, jobs = "messaging.client.consumed.messages", "messaging.process.duration", "faas.invoke_duration"
	for name, want := range map[string]float64{messages: 3, batches: 2, jobs: 1} {
		if got := collector.Count(name, nil); got != want {
			t.Errorf("%s: %v, want %v", name, got, want)
		}
		if got := collector.Count(name, about{"error.type": "StoreAway"}); got != 1 {
			t.Errorf("%s: %v failed, want 1", name, got)
		}
	}
	for _, s := range collector.Trace("") {
		if s.Name == "store-audit" && (s.Trace == id || s.Links[0] != id) {
			t.Errorf("a batch belongs to the trace of one event: %+v", s)
		}
	}
}

func TestWithoutACollectorNothingIsMeasuredAndTracesGoOn(t *testing.T) {
	tele, err := telemetry.New(telemetry.Options{Service: "get-wallet"})
	if tele != nil || err != nil {
		t.Fatalf("got %v, %v", tele, err)
	}
	var seen string
	h := tele.Serve("get-wallet", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, wrapped := w.(*httptest.ResponseRecorder); !wrapped {
			t.Errorf("the answer goes through a %T", w)
		}
		telemetry.Refused(r.Context(), "Nobody")
		seen = trace.Parent(r.Context())
	}))
	ask(h, http.MethodGet, parent)
	if !strings.Contains(seen, id) || seen == parent {
		t.Errorf("the trace goes on as %q", seen)
	}
	ctx, span := tele.Start(t.Context(), "part")
	if span.End(); trace.ID(ctx) == "" || trace.Recorded(ctx) {
		t.Errorf("within a part: trace %q, recorded %v", trace.ID(ctx), trace.Recorded(ctx))
	}
	if _, err := tele.Meter().Int64Counter("x"); err != nil {
		t.Error(err)
	}
	if err := tele.Run(t.Context(), "job", func(context.Context) error { return nil }); err != nil {
		t.Error(err)
	}
	tele.Close(t.Context())
}

func TestACollectorThatIsAwayHoldsNothingUpButTheEnd(t *testing.T) {
	var log bytes.Buffer
	tele, err := telemetry.New(telemetry.Options{Collector: "http://127.0.0.1:1", Ratio: 1, Service: "get-wallet", Log: slog.New(slog.NewTextHandler(&log, nil))})
	if err != nil {
		t.Fatal(err)
	}
	if code := ask(tele.Serve("get-wallet", http.HandlerFunc(answer)), http.MethodGet, ""); code != http.StatusOK {
		t.Errorf("status %d", code)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	tele.Close(ctx)
	if !strings.Contains(log.String(), "telemetry lost") {
		t.Errorf("it is not said that something was lost: %s", &log)
	}
}

func TestWhatIsNoCollectorIsRefused(t *testing.T) {
	for _, url := range []string{"collector:4317", "grpc://collector:4317", "http://", "::", "/v1/traces"} {
		if tele, err := telemetry.New(telemetry.Options{Collector: url, Ratio: 1, Service: "x"}); err == nil {
			tele.Close(t.Context())
			t.Errorf("%q is taken", url)
		}
	}
}
