package audit_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	cloudevents "github.com/cloudevents/sdk-go/v2"

	"onex.io/onex/shared/audit"
)

// sender takes events; refuse makes it answer with an error, lose makes it lose what it has taken.
type sender struct {
	sent, buffered []cloudevents.Event
	refuse, lose   error
}

func (s *sender) Send(_ context.Context, e cloudevents.Event) error {
	s.sent = append(s.sent, e)
	return s.refuse
}

func (s *sender) Buffer(_ context.Context, e cloudevents.Event, lost func(error)) error {
	s.buffered = append(s.buffered, e)
	if s.lose != nil {
		lost(s.lose)
	}
	return s.refuse
}

func record() audit.Record {
	return audit.Record{
		ID: "R7", At: time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC), Subject: "user-a", TokenKind: "access",
		Operation: "create-chain", Object: "/v1/chains", Allowed: true, Rule: "signed-in-own-namespace",
	}
}

func TestARecordTravelsWholeUnderItsOwnID(t *testing.T) {
	s := &sender{}
	r := audit.Recorder{Sender: s, Log: slog.New(slog.DiscardHandler)}
	if err := r.Kept(t.Context(), record()); err != nil {
		t.Fatal(err)
	}
	r.Soon(t.Context(), record())
	for _, e := range []cloudevents.Event{s.sent[0], s.buffered[0]} {
		var back audit.Record
		if err := e.DataAs(&back); err != nil || back != record() {
			t.Errorf("got %+v, %v", back, err)
		}
		if e.Type() != audit.EventType || e.ID() != "R7" || e.Source() != "/operations/create-chain" || !e.Time().Equal(record().At) {
			t.Errorf("the event is\n%s", e)
		}
		if key, _ := e.Extensions()["partitionkey"].(string); !strings.HasPrefix(key, "user-a") {
			t.Errorf("a subject's records do not stay together: partition key %q", key)
		}
	}
}

func TestARecordThatCannotBeKeptIsAnError(t *testing.T) {
	away := errors.New("away")
	err := audit.Recorder{Sender: &sender{refuse: away}, Log: slog.New(slog.DiscardHandler)}.Kept(t.Context(), record())
	if !errors.Is(err, away) {
		t.Errorf("got %v", err)
	}
}

func TestARecordThatIsLostIsLoggedWhole(t *testing.T) {
	for name, s := range map[string]*sender{"refused at once": {refuse: errors.New("away")}, "lost later": {lose: errors.New("away")}} {
		var log bytes.Buffer
		audit.Recorder{Sender: s, Log: slog.New(slog.NewJSONHandler(&log, nil))}.Soon(t.Context(), record())
		if !strings.Contains(log.String(), `"level":"ERROR"`) || !strings.Contains(log.String(), `"id":"R7"`) {
			t.Errorf("%s: the log says %q", name, log.String())
		}
	}
}

func TestARecordWithoutAnIDIsRefusedAndNotPanickedOver(t *testing.T) {
	r := record()
	r.ID = ""
	if err := (audit.Recorder{Sender: &sender{}}).Kept(t.Context(), r); err == nil {
		t.Error("kept, though a repeat could not be told from it")
	}
}

func TestIDsAreNotRepeated(t *testing.T) {
	if a, b := audit.NewID(), audit.NewID(); a == b || a == "" {
		t.Errorf("got %q and %q", a, b)
	}
}
