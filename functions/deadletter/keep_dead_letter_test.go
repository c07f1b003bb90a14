package deadletter

import (
	"context"
	"encoding/base64"
	"errors"
	"strings"
	"testing"
	"time"

	cloudevents "github.com/cloudevents/sdk-go/v2"

	"onex.io/onex/eventing"
)

// shelf keeps letters by id, as a collection does.
type shelf struct {
	kept map[string]letter
	away error
}

func (s *shelf) InsertNew(_ context.Context, batch []letter) error {
	if s.away != nil {
		return s.away
	}
	for _, l := range batch {
		if _, there := s.kept[l.ID]; !there {
			s.kept[l.ID] = l
		}
	}
	return nil
}

type world struct {
	*keepDeadLetter
	*shelf
	clock time.Time
}

func newWorld() *world {
	w := &world{shelf: &shelf{kept: map[string]letter{}}, clock: time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)}
	w.keepDeadLetter = &keepDeadLetter{letters: w.shelf, now: func() time.Time { return w.clock }}
	return w
}

func event(t *testing.T, id string) cloudevents.Event {
	t.Helper()
	e, err := eventing.New(eventing.UserCreated, "/users", id, time.Unix(1, 0), eventing.UserCreatedData{UserID: id})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// dead is the event as Knative sends it to a dead letter sink.
func dead(e cloudevents.Event, destination, body string) cloudevents.Event {
	d := e.Clone()
	data := base64.StdEncoding.EncodeToString([]byte(body))
	d.SetExtension("knativeerrordest", destination)
	d.SetExtension("knativeerrorcode", "422") // a header has no numbers
	d.SetExtension("knativeerrordata", data[:min(len(data), 1024)])
	return d
}

func TestALetterIsKeptWithItsCauseAndTheEventAsItWasSent(t *testing.T) {
	w := newWorld()
	e := event(t, "user-a")
	e.SetExtension("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
	if err := w.Handle(t.Context(), dead(e, "http://grant-gift.onex.svc.cluster.local", `{"reason":"BadPayload"}`)); err != nil {
		t.Fatal(err)
	}
	got := w.kept["/users\x00user-a\x00http://grant-gift.onex.svc.cluster.local"]
	if got.Status != 422 || got.Cause != `{"reason":"BadPayload"}` || got.Type != eventing.UserCreated || !got.At.Equal(w.clock) {
		t.Errorf("kept %+v of %v", got, w.kept)
	}
	sent := cloudevents.NewEvent()
	if err := sent.UnmarshalJSON(got.Event); err != nil || sent.String() != e.String() {
		t.Errorf("the event is %s, was %s (%v)", sent, e, err)
	}
}

func TestEachEventIsOneLetterForEachDestination(t *testing.T) {
	const gift, settle = "http://grant-gift", "http://settle-chain"
	for name, row := range map[string]struct {
		come func(t *testing.T) []cloudevents.Event
		want int
	}{
		"delivered twice": {func(t *testing.T) []cloudevents.Event {
			return []cloudevents.Event{dead(event(t, "a"), gift, "x"), dead(event(t, "a"), gift, "y")}
		}, 1},
		"delivered late, after another": {func(t *testing.T) []cloudevents.Event {
			return []cloudevents.Event{dead(event(t, "b"), gift, "x"), dead(event(t, "a"), gift, "x"), dead(event(t, "b"), gift, "x")}
		}, 2},
		"refused by two subscribers": {func(t *testing.T) []cloudevents.Event {
			return []cloudevents.Event{dead(event(t, "a"), gift, "x"), dead(event(t, "a"), settle, "x")}
		}, 2},
		"without a cause": {func(t *testing.T) []cloudevents.Event { return []cloudevents.Event{event(t, "a")} }, 1},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld()
			for i, e := range row.come(t) {
				w.clock = w.clock.Add(time.Duration(i) * time.Hour)
				if err := w.Handle(t.Context(), e); err != nil {
					t.Fatal(err)
				}
			}
			if len(w.kept) != row.want {
				t.Errorf("kept %v, want %d", w.kept, row.want)
			}
			for _, l := range w.kept {
				if l.Cause == "y" {
					t.Error("a repeat changed the letter")
				}
			}
		})
	}
}

func TestACauseIsReadableWhateverItIs(t *testing.T) {
	long := strings.Repeat("größer ", 200)
	for name, row := range map[string]struct{ data, want string }{
		"nothing":                   {"", ""},
		"text":                      {base64.StdEncoding.EncodeToString([]byte("no such user")), "no such user"},
		"text that was cut off":     {base64.StdEncoding.EncodeToString([]byte(long))[:1024], strings.ToValidUTF8(long[:768], "")},
		"text that was never coded": {"dispatch error: refused!", "dispatch error: refused!"},
		"bytes that are no text":    {base64.StdEncoding.EncodeToString([]byte{0xff, 0xfe, 0xfd, 0xfc, 0xfb, 0xfa}), "//79/Pv6"},
	} {
		if got := readable(row.data); got != row.want {
			t.Errorf("%s: %q, want %q", name, got, row.want)
		}
	}
}

func TestALetterThatCannotBeKeptComesAgain(t *testing.T) {
	w := newWorld()
	w.away = errors.New("away")
	if err := w.Handle(t.Context(), dead(event(t, "a"), "http://x", "")); !errors.Is(err, w.away) {
		t.Errorf("got %v", err)
	}
}
