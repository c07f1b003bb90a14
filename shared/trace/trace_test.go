package trace_test

import (
	"context"
	"net/http"
	"strings"
	"testing"

	cloudevents "github.com/cloudevents/sdk-go/v2"

	"onex.io/onex/shared/trace"
)

const (
	id     = "0af7651916cd43dd8448eb211c80319c"
	parent = "00-" + id + "-b7ad6b7169203331-01"
)

func event() cloudevents.Event {
	e := cloudevents.NewEvent()
	e.SetID("1")
	e.SetSource("/test")
	e.SetType("test")
	return e
}

func TestATraceIsContinuedFromARequest(t *testing.T) {
	ctx := trace.Hop(trace.FromRequest(t.Context(), http.Header{"Traceparent": {parent}, "Tracestate": {"vendor=1"}}))
	if got := trace.ID(ctx); got != id {
		t.Errorf("trace %q, want %q", got, id)
	}
	out := http.Header{}
	trace.ToRequest(ctx, out)
	if got := out.Get("Traceparent"); !strings.HasPrefix(got, "00-"+id+"-") || got == parent {
		t.Errorf("goes on as %q, want the same trace with a span of our own", got)
	}
	if out.Get("Tracestate") != "vendor=1" {
		t.Errorf("the vendor's state is %q", out.Get("Tracestate"))
	}
}

func TestATraceBeginsWhereNoneIsOrANonsensicalOne(t *testing.T) {
	for _, header := range []string{"", "garbage", "00-" + strings.Repeat("0", 32) + "-b7ad6b7169203331-01", "ff-" + id, "00-" + id + "-zzzzzzzzzzzzzzzz-01"} {
		ctx := trace.Hop(trace.FromRequest(t.Context(), http.Header{"Traceparent": {header}}))
		if got := trace.ID(ctx); len(got) != 32 || got == id {
			t.Errorf("%q: trace %q", header, got)
		}
	}
	if a, b := trace.Hop(t.Context()), trace.Hop(t.Context()); trace.ID(a) == trace.ID(b) {
		t.Error("two requests share a trace")
	}
}

func TestATraceTravelsThroughAnEvent(t *testing.T) {
	click := trace.FromRequest(t.Context(), http.Header{"Traceparent": {parent}})
	e := event()
	trace.ToEvent(click, &e)
	if err := e.Validate(); err != nil {
		t.Fatalf("the event is not valid any more: %v", err)
	}
	if got := trace.ID(trace.FromEvent(context.Background(), e)); got != id {
		t.Errorf("behind the event the trace is %q, want %q", got, id)
	}
}

func TestAnEventsTraceWinsOverItsDelivery(t *testing.T) {
	delivery := trace.Hop(t.Context())
	if got := trace.ID(trace.FromEvent(delivery, event())); got != trace.ID(delivery) {
		t.Errorf("an event without a trace is in %q, want its delivery's", got)
	}
	e := event()
	e.SetExtension("traceparent", parent)
	if got := trace.ID(trace.FromEvent(delivery, e)); got != id {
		t.Errorf("trace %q, want the event's", got)
	}
}

func TestTheTraceOfAnEventGoesBeforeThatOfItsDelivery(t *testing.T) {
	other := "00-11111111111111111111111111111111-b7ad6b7169203331-01"
	ctx := trace.FromRequest(t.Context(), http.Header{"Ce-Traceparent": {parent}, "Traceparent": {other}})
	if got := trace.Parent(ctx); got != parent {
		t.Errorf("goes on as %q, want %q", got, parent)
	}
	within := trace.Hop(ctx)
	e := event()
	e.SetExtension("traceparent", parent)
	if got := trace.Parent(trace.FromEvent(within, e)); got != trace.Parent(within) {
		t.Errorf("the handler is told %q, want the delivery's own span %q", got, trace.Parent(within))
	}
}

func TestATraceTravelsAsText(t *testing.T) {
	if got := trace.Parent(trace.FromParent(t.Context(), parent)); got != parent {
		t.Errorf("%q became %q", parent, got)
	}
	for _, text := range []string{"", "other"} {
		if ctx := trace.FromParent(t.Context(), text); trace.ID(ctx) != "" {
			t.Errorf("%q is taken for the trace %q", text, trace.ID(ctx))
		}
	}
}

func TestWhereNobodyIsToldNothingIsRecorded(t *testing.T) {
	ctx, span := trace.Within(trace.Hop(t.Context()), parent, "part")
	if trace.Recorded(ctx) || span.IsRecording() {
		t.Error("it records")
	}
	if got := trace.ID(ctx); got != id {
		t.Errorf("trace %q, want that of the parent", got)
	}
}

func TestParentIsForWhatIsNeitherRequestNorEvent(t *testing.T) {
	if got := trace.Parent(t.Context()); got != "" {
		t.Errorf("without a trace: %q", got)
	}
	if trace.ID(t.Context()) != "" {
		t.Error("an id without a trace")
	}
	ctx := trace.FromRequest(t.Context(), http.Header{"Traceparent": {parent}})
	if got := trace.Parent(ctx); !strings.HasPrefix(got, "00-"+id+"-") {
		t.Errorf("got %q", got)
	}
}
