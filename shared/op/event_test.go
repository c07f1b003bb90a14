package op_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
	"unicode/utf8"

	cloudevents "github.com/cloudevents/sdk-go/v2"
	cehttp "github.com/cloudevents/sdk-go/v2/protocol/http"

	"onex.io/onex/shared/fault"
	"onex.io/onex/shared/op"
	"onex.io/onex/shared/platform"
	"onex.io/onex/shared/trace"
)

// hearing is an operation that calls handle for each event.
func hearing(handle op.EventFunc) op.Operation {
	return op.Operation{
		Name: "hear", Summary: "Hears.", Wakes: op.On(op.Told("io.onex.user.created.v1")),
		Handler: op.OnEvent(func(*platform.Platform) (op.EventFunc, error) { return handle, nil }),
	}
}

func accept(context.Context, cloudevents.Event) error { return nil }

func event(id string) cloudevents.Event {
	e := cloudevents.NewEvent()
	e.SetID(id)
	e.SetSource("/users")
	e.SetType("io.onex.user.created.v1")
	if err := e.SetData(cloudevents.ApplicationJSON, map[string]string{"userID": id}); err != nil {
		panic(err)
	}
	return e
}

// binary is the request of an event in binary mode, and structured in structured mode.
func binary(e cloudevents.Event) request {
	r, err := cehttp.NewHTTPRequestFromEvent(context.Background(), "http://x", e)
	if err != nil {
		panic(err)
	}
	return request{method: http.MethodPost, path: "/", header: r.Header, body: string(e.Data())}
}

func structured(e cloudevents.Event) request {
	b, err := e.MarshalJSON()
	if err != nil {
		panic(err)
	}
	return request{method: http.MethodPost, path: "/", header: http.Header{"Content-Type": {"application/cloudevents+json"}}, body: string(b)}
}

func TestAnEventIsHeardInEitherMode(t *testing.T) {
	var heard []cloudevents.Event
	server := newWorld(t).serve(hearing(func(_ context.Context, e cloudevents.Event) error {
		heard = append(heard, e)
		return nil
	}))
	want := event("user-a")
	want.SetSubject("user-a")
	want.SetTime(time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC))
	want.SetExtension("partitionkey", "user-a")
	for name, in := range map[string]request{"binary": binary(want), "structured": structured(want)} {
		heard = nil
		got := do(t, server, in)
		if got.status != http.StatusAccepted || got.body != "" {
			t.Errorf("%s: %d %q, want 202 and no body: a body would be taken for a reply", name, got.status, got.body)
		}
		if len(heard) != 1 || heard[0].String() != want.String() {
			t.Errorf("%s: heard %v, want\n%s", name, heard, want)
		}
	}
}

func TestTheAnswerTellsTheBrokerWhetherToDeliverAgain(t *testing.T) {
	again := func(status int) bool { // as knative.dev/eventing/pkg/kncloudevents.SelectiveRetry decides
		return status >= 500 || status == 404 || status == 408 || status == 409 || status == 429
	}
	for _, row := range []struct {
		name  string
		err   error
		want  int
		again bool
	}{
		{"done", nil, 202, false},
		{"a payload that is wrong", fault.New(fault.Invalid, "BadPayload", "no user"), 422, false},
		{"somebody who is not there", fault.New(fault.Missing, "NotFound", "gone"), 422, false},
		{"somebody who may not", fault.New(fault.Denied, "Forbidden", "no"), 422, false},
		{"no money", fault.New(fault.Exhausted, "InsufficientFunds", "empty"), 422, false},
		{"somebody else was quicker", fault.New(fault.Conflict, "Conflict", "changed"), 429, true},
		{"the store is away", fault.New(fault.Busy, "StoreAway", "away"), 429, true},
		{"the store is away, wrapped", fmt.Errorf("grant: %w", fault.New(fault.Busy, "StoreAway", "away")), 429, true},
		{"something is broken", errors.New("hunter2"), 500, true},
	} {
		w := newWorld(t)
		server := w.serve(hearing(func(context.Context, cloudevents.Event) error { return row.err }))
		got := do(t, server, binary(event("user-a")))
		if got.status != row.want || again(got.status) != row.again {
			t.Errorf("%s: %d, want %d, delivered again: %v", row.name, got.status, row.want, row.again)
		}
		if got.status == 429 && got.header.Get("Retry-After") == "" {
			t.Errorf("%s: it is not said when", row.name)
		}
		if strings.Contains(got.body, "hunter2") {
			t.Errorf("%s: the cause is out: %s", row.name, got.body)
		}
		if row.err != nil && !strings.Contains(w.log.String(), `event \"user-a\" of \"/users\"`) {
			t.Errorf("%s: the log does not name the event: %s", row.name, w.log)
		}
	}
}

func TestWhatIsNoEventIsNeverDeliveredAgain(t *testing.T) {
	without := func(header string) request {
		r := binary(event("user-a"))
		r.header.Del(header)
		return r
	}
	text := func(contentType, body string) request {
		return request{method: http.MethodPost, path: "/", header: http.Header{"Content-Type": {contentType}}, body: body}
	}
	var called atomic.Bool
	server := newWorld(t).serve(hearing(func(context.Context, cloudevents.Event) error { called.Store(true); return nil }))
	for _, row := range []struct {
		name string
		in   request
		want int
	}{
		{"JSON that is no event", text("application/json", `{"userID":"user-a"}`), 400},
		{"nothing", request{method: http.MethodPost, path: "/"}, 400},
		{"no id", without("Ce-Id"), 400},
		{"no source", without("Ce-Source"), 400},
		{"no type", without("Ce-Type"), 400},
		{"no version", without("Ce-Specversion"), 400},
		{"structured garbage", text("application/cloudevents+json", `{"specversion":`), 400},
		{"structured without an id", text("application/cloudevents+json", `{"specversion":"1.0","type":"t","source":"/s"}`), 400},
		{"structured null", text("application/cloudevents+json", `null`), 400},
		{"an event too large", text("application/cloudevents+json", `{"specversion":"1.0","id":"1","type":"t","source":"/s","data":"`+strings.Repeat("x", 1<<20)+`"}`), 400},
		{"a batch", text("application/cloudevents-batch+json", `[]`), 415},
		{"a batch with a charset", text("application/cloudevents-batch+json; charset=utf-8", `[]`), 415},
		{"GET", request{method: http.MethodGet, path: "/"}, 405},
		{"PUT", request{method: http.MethodPut, path: "/", body: "{}"}, 405},
	} {
		got := do(t, server, row.in)
		if got.status != row.want {
			t.Errorf("%s: %d %s, want %d", row.name, got.status, got.body, row.want)
		}
		if got.status == 405 && got.header.Get("Allow") != http.MethodPost {
			t.Errorf("%s: Allow is %q", row.name, got.header.Get("Allow"))
		}
		if got.status == 400 {
			wantProblem(t, row.name, got, problem{Code: 400, Reason: "BadEvent"})
		}
	}
	if called.Load() {
		t.Error("the handler was called for one of them")
	}
	if got := do(t, server, request{method: http.MethodOptions, path: "/"}); got.status != http.StatusOK || got.header.Get("Allow") != http.MethodPost {
		t.Errorf("OPTIONS: %d, Allow %q", got.status, got.header.Get("Allow"))
	}
}

func TestAPanicIsDeliveredAgain(t *testing.T) {
	server := newWorld(t).serve(hearing(func(context.Context, cloudevents.Event) error { panic("hunter2") }))
	got := do(t, server, binary(event("user-a")))
	wantProblem(t, "a panic", got, problem{Code: 500, Reason: "Unknown"})
}

func TestAnEventDeliveredTwiceReachesTheHandlerTwice(t *testing.T) {
	var heard atomic.Int64
	server := newWorld(t).serve(hearing(func(context.Context, cloudevents.Event) error { heard.Add(1); return nil }))
	for range 2 {
		if got := do(t, server, binary(event("user-a"))); got.status != http.StatusAccepted {
			t.Errorf("status %d", got.status)
		}
	}
	if heard.Load() != 2 {
		t.Errorf("heard %d times: an adapter that forgets events would lose those whose effect failed", heard.Load())
	}
}

func TestAHandlerIsInTheTraceOfItsEvent(t *testing.T) {
	const id = "0af7651916cd43dd8448eb211c80319c"
	var seen string
	server := newWorld(t).serve(hearing(func(ctx context.Context, _ cloudevents.Event) error {
		seen = trace.ID(ctx)
		return nil
	}))
	e := event("user-a")
	e.SetExtension("traceparent", "00-"+id+"-b7ad6b7169203331-01")
	do(t, server, binary(e))
	if seen != id {
		t.Errorf("the trace is %q, want the event's", seen)
	}
}

// functions.CloudEvent of the framework fails this: some deliveries wait until their sender gives up.
func TestNoDeliveryWaitsForAnother(t *testing.T) {
	const events, senders = 2000, 8
	var heard sync.Map
	server := newWorld(t).serve(hearing(func(_ context.Context, e cloudevents.Event) error {
		heard.Store(e.ID(), true)
		return nil
	}))
	client := &http.Client{Timeout: 3 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: senders}}
	defer client.CloseIdleConnections()
	ids := make(chan string)
	var wg sync.WaitGroup
	var failed atomic.Int64
	for range senders {
		wg.Go(func() {
			for id := range ids {
				if err := post(client, server, event(id)); err != nil {
					failed.Add(1)
					t.Log(err)
				}
			}
		})
	}
	for i := range events {
		ids <- fmt.Sprint(i)
	}
	close(ids)
	wg.Wait()
	count := 0
	heard.Range(func(any, any) bool { count++; return true })
	if failed.Load() != 0 || count != events {
		t.Errorf("%d of %d deliveries failed, %d events were heard", failed.Load(), events, count)
	}
}

func post(client *http.Client, server *httptest.Server, e cloudevents.Event) error {
	r, err := cehttp.NewHTTPRequestFromEvent(context.Background(), server.URL, e)
	if err != nil {
		return err
	}
	response, err := client.Do(r)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusAccepted {
		return fmt.Errorf("event %s: status %d", e.ID(), response.StatusCode)
	}
	return nil
}

// Whatever a stranger posts is answered, with no status that would have the broker send it for ever.
func FuzzEventBody(f *testing.F) {
	b, err := event("user-a").MarshalJSON()
	if err != nil {
		f.Fatal(err)
	}
	f.Add("application/cloudevents+json", "", "", "", "", b)
	f.Add("application/json", "1.0", "1", "/s", "t", []byte(`{"userID":"user-a"}`))
	f.Add("application/cloudevents+json", "", "", "", "", []byte(`{"specversion":"1.0","id":1}`))
	f.Add("application/cloudevents-batch+json", "", "", "", "", []byte(`[]`))
	f.Add("text/plain; charset=", "0.3", "\x00", "%", "t", []byte("\xff"))
	handler, err := hearing(accept).HTTP(platform.New(fuzzConfig(f), platform.Options{Log: discard()}))
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, media, version, id, source, kind string, body []byte) {
		r := httptest.NewRequest(http.MethodPost, "/", bytes.NewReader(body))
		for name, v := range map[string]string{"Content-Type": media, "Ce-Specversion": version, "Ce-Id": id, "Ce-Source": source, "Ce-Type": kind} {
			if v != "" {
				r.Header.Set(name, v)
			}
		}
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		if w.Code != http.StatusAccepted && w.Code != http.StatusBadRequest && w.Code != http.StatusUnsupportedMediaType {
			t.Errorf("status %d: %s", w.Code, w.Body)
		}
	})
}

// Knative's dispatcher encodes a refusal into 1,024 bytes of base64 and panics when they are too few.
func TestARefusalFitsIntoADeadLetter(t *testing.T) {
	for name, message := range map[string]string{
		"plain": strings.Repeat("x", 5000), "letters of two bytes": strings.Repeat("ö", 5000), "letters that JSON makes six of": strings.Repeat("<\x01", 5000),
	} {
		server := newWorld(t).serve(hearing(func(context.Context, cloudevents.Event) error {
			e := fault.New(fault.Invalid, "BadPayload", "%s", message)
			e.Metadata = map[string]string{"field": message}
			return e
		}))
		got := do(t, server, binary(event("user-a")))
		if got.status != http.StatusUnprocessableEntity || len(got.body) > 768 || !strings.Contains(got.body, `"reason":"BadPayload"`) || !utf8.ValidString(got.body) {
			t.Errorf("%s: %d, %d bytes: %s", name, got.status, len(got.body), got.body)
		}
	}
}
