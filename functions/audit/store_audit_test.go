package audit

import (
	"context"
	"errors"
	"log/slog"
	"reflect"
	"testing"
	"time"

	cloudevents "github.com/cloudevents/sdk-go/v2"
	"go.mongodb.org/mongo-driver/v2/bson"

	"onex.io/onex/eventing"
	api "onex.io/onex/shared/api/audit"
	"onex.io/onex/shared/audit"
)

// shelf keeps records by id, as a collection does.
type shelf struct {
	kept    map[string]audit.Record
	away    error
	indexes [][]bson.D
	noIndex error
}

func (s *shelf) Index(_ context.Context, indexes ...bson.D) error {
	s.indexes = append(s.indexes, indexes)
	return s.noIndex
}

func (s *shelf) InsertNew(_ context.Context, batch []audit.Record) error {
	if s.away != nil {
		return s.away
	}
	for _, r := range batch {
		if _, there := s.kept[r.ID]; !there {
			s.kept[r.ID] = r
		}
	}
	return nil
}

func record(id string) audit.Record {
	return audit.Record{ID: id, At: time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC), Subject: "user-a", Operation: "create-chain", Allowed: true}
}

// sent is the event that a recorder sends for r.
func sent(t *testing.T, r audit.Record) cloudevents.Event {
	t.Helper()
	s := &sender{}
	if err := (audit.Recorder{Sender: s}).Kept(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	return s.event
}

type sender struct{ event cloudevents.Event }

func (s *sender) Send(_ context.Context, e cloudevents.Event) error {
	s.event = e
	return nil
}

func (s *sender) Buffer(context.Context, cloudevents.Event, func(error)) error { return nil }

func newStore() (*storeAudit, *shelf) {
	s := &shelf{kept: map[string]audit.Record{}}
	return &storeAudit{records: s, log: slog.New(slog.DiscardHandler)}, s
}

func TestEveryRecordIsKeptOnce(t *testing.T) {
	f, shelf := newStore()
	a, b, c := sent(t, record("a")), sent(t, record("b")), sent(t, record("c"))
	for _, batch := range [][]cloudevents.Event{{a, b}, {a, b}, {b, c, a}, {c}} { // delivered twice, late and out of order
		if err := f.Handle(t.Context(), batch); err != nil {
			t.Fatal(err)
		}
	}
	if len(shelf.kept) != 3 {
		t.Fatalf("kept %v", shelf.kept)
	}
	for _, id := range []string{"a", "b", "c"} {
		if shelf.kept[id] != record(id) {
			t.Errorf("kept %+v, want %+v", shelf.kept[id], record(id))
		}
	}
}

func TestWhatIsNoRecordIsPassedOver(t *testing.T) {
	other := sent(t, record("x"))
	other.SetType(eventing.UserCreated)
	garbage := sent(t, record("y"))
	garbage.DataEncoded = []byte("{")
	nameless := sent(t, record("z"))
	nameless.DataEncoded = []byte(`{"subject":"user-a"}`)
	empty := sent(t, record("w"))
	empty.DataEncoded = nil
	f, shelf := newStore()
	if err := f.Handle(t.Context(), []cloudevents.Event{other, sent(t, record("a")), garbage, nameless, empty, sent(t, record("b"))}); err != nil {
		t.Errorf("what can never succeed is asked for again: %v", err)
	}
	if len(shelf.kept) != 2 {
		t.Errorf("kept %v, want a and b", shelf.kept)
	}
}

func TestRecordsAreIndexedOnceAndKeptWithoutAnIndex(t *testing.T) {
	for _, noIndex := range []error{nil, errors.New("away")} {
		f, shelf := newStore()
		shelf.noIndex = noIndex
		for _, id := range []string{"a", "b"} {
			if err := f.Handle(t.Context(), []cloudevents.Event{sent(t, record(id))}); err != nil {
				t.Errorf("%s, index %v: %v", id, noIndex, err)
			}
		}
		if len(shelf.kept) != 2 || len(shelf.indexes) != 1 {
			t.Errorf("kept %v, indexed %d times", shelf.kept, len(shelf.indexes))
		}
	}
}

// A list that is sorted by what no index has in that order would be sorted in memory, of which MongoDB gives a little.
func TestEveryIndexThatIsListedByHasTheOrderOfTheList(t *testing.T) {
	s := &pages{}
	if _, err := (&listAudit{records: s}).Handle(t.Context(), &api.ListRequest{}); err != nil {
		t.Fatal(err)
	}
	for _, index := range indexes() {
		if len(index) > 1 && !reflect.DeepEqual(index[len(index)-len(s.order):], s.order) {
			t.Errorf("index %v, order %v", index, s.order)
		}
	}
}

func TestABatchThatCannotBeKeptComesAgain(t *testing.T) {
	f, shelf := newStore()
	shelf.away = errors.New("away")
	if err := f.Handle(t.Context(), []cloudevents.Event{sent(t, record("a"))}); !errors.Is(err, shelf.away) {
		t.Errorf("got %v", err)
	}
}
