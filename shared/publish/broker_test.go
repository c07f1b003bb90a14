package publish_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	cloudevents "github.com/cloudevents/sdk-go/v2"

	"onex.io/onex/shared/fault"
	"onex.io/onex/shared/publish"
	"onex.io/onex/shared/trace"
)

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

// brokerThat answers each request with status, and gives what it was sent.
func brokerThat(t *testing.T, status int) (publish.Broker, <-chan *http.Request) {
	t.Helper()
	sent := make(chan *http.Request, 10)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		e, err := cloudevents.NewEventFromHTTPRequest(r)
		if err != nil || e.Validate() != nil || string(e.Data()) != `{"userID":"user-a"}` {
			t.Errorf("the broker was sent no event: %v", err)
		}
		sent <- r
		w.WriteHeader(status)
		_, _ = w.Write([]byte(strings.Repeat("x", 100)))
	}))
	t.Cleanup(server.Close)
	return publish.Broker{URL: server.URL, HTTP: server.Client()}, sent
}

func TestTheBrokersAnswerDecides(t *testing.T) {
	for status, taken := range map[int]bool{200: true, 202: true, 204: true, 400: false, 401: false, 404: false, 429: false, 500: false, 503: false} {
		broker, _ := brokerThat(t, status)
		err := broker.Send(t.Context(), event("user-a"))
		if taken && err != nil || !taken && (err == nil || fault.KindOf(err) != fault.Busy) {
			t.Errorf("status %d: got %v", status, err)
		}
	}
}

func TestAnEventCarriesTheTraceOfItsRequest(t *testing.T) {
	broker, sent := brokerThat(t, 202)
	ctx := trace.Hop(t.Context())
	if err := broker.Send(ctx, event("user-a")); err != nil {
		t.Fatal(err)
	}
	if got := (<-sent).Header.Get("Ce-Traceparent"); got != trace.Parent(ctx) {
		t.Errorf("traceparent %q, want %q", got, trace.Parent(ctx))
	}
}

func TestABrokerThatIsAwayIsBusyAndSaysNothingOfItself(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	err := publish.Broker{URL: "http://127.0.0.1:1/onex/default", HTTP: http.DefaultClient}.Send(ctx, event("user-a"))
	if err == nil || fault.KindOf(err) != fault.Busy || strings.Contains(fault.Of(err).Message, "127.0.0.1") {
		t.Errorf("got %v", err)
	}
}

func TestABrokerThatHangsIsWaitedForNoLongerThanTheRequestLives(t *testing.T) {
	hang := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-hang }))
	defer server.Close()
	defer close(hang)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := (publish.Broker{URL: server.URL, HTTP: server.Client()}).Send(ctx, event("user-a")); err == nil || fault.KindOf(err) != fault.Busy {
		t.Errorf("got %v", err)
	}
}

func TestWhatIsNoEventIsNotSent(t *testing.T) {
	broker, sent := brokerThat(t, 202)
	if err := broker.Send(t.Context(), cloudevents.NewEvent()); err == nil || len(sent) > 0 {
		t.Errorf("got %v, %d requests", err, len(sent))
	}
}
