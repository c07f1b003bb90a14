// Package publishtest is the conformance suite of the outbox: that what was intended is told, whatever dies in between.
package publishtest

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"

	cloudevents "github.com/cloudevents/sdk-go/v2"
	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"

	"onex.io/onex/shared/fault"
	"onex.io/onex/shared/publish"
)

// Run runs the suite in databases of its own, each named after db.
func Run(t *testing.T, db *mongo.Database) {
	for name, test := range map[string]func(*testing.T, *world){
		"what is told is not told again":                        toldOnce,
		"what was intended before a death is told by relay":     relayed,
		"what is younger than the age is left to its request":   young,
		"what was intended twice is told once":                  intendedTwice,
		"while the broker is away nothing is forgotten":         brokerAway,
		"what the broker refuses for good holds nobody else up": refused,
		"what cannot be read holds nobody else up":              poison,
		"two relays at once forget nothing":                     twoRelays,
		"one id of two sources is two events":                   twoSources,
	} {
		t.Run(name, func(t *testing.T) { test(t, newWorld(t, db)) })
	}
}

const age = 50 * time.Second

type world struct {
	outbox *publish.Outbox
	broker *broker
	raw    *mongo.Collection
	now    time.Time
}

func newWorld(t *testing.T, db *mongo.Database) *world {
	t.Helper()
	own := db.Client().Database(db.Name() + "-" + bson.NewObjectID().Hex())
	t.Cleanup(func() { _ = own.Drop(context.WithoutCancel(t.Context())) })
	w := &world{broker: &broker{refuse: map[string]bool{}}, raw: own.Collection("outbox"), now: time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)}
	server := httptest.NewServer(w.broker)
	t.Cleanup(server.Close)
	w.outbox = publish.NewOutbox(own, publish.Broker{URL: server.URL, HTTP: server.Client()}, func() time.Time { return w.now })
	return w
}

// broker remembers what it was told. It can be away, or refuse single events.
type broker struct {
	mu     sync.Mutex
	away   bool
	refuse map[string]bool
	told   []string
}

func (b *broker) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	b.mu.Lock()
	defer b.mu.Unlock()
	e, err := cloudevents.NewEventFromHTTPRequest(r)
	switch {
	case b.away:
		w.WriteHeader(http.StatusServiceUnavailable)
	case err != nil || b.refuse[e.ID()]:
		w.WriteHeader(http.StatusBadRequest)
	default:
		b.told = append(b.told, e.ID())
		w.WriteHeader(http.StatusAccepted)
	}
}

func event(source, id string) cloudevents.Event {
	e := cloudevents.NewEvent()
	e.SetID(id)
	e.SetSource(source)
	e.SetType("io.onex.user.created.v1")
	return e
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (w *world) intend(t *testing.T, ids ...string) {
	t.Helper()
	for _, id := range ids {
		must(t, w.outbox.Intend(t.Context(), event("/users", id)))
	}
}

// relay wants count events told, and tells whether one stayed behind.
func (w *world) relay(t *testing.T, count int) error {
	t.Helper()
	told, err := w.outbox.Relay(t.Context(), age)
	if told != count {
		t.Errorf("%d events were relayed, want %d (%v)", told, count, err)
	}
	return err
}

func (w *world) wantTold(t *testing.T, want ...string) {
	t.Helper()
	got := slices.Clone(w.broker.told)
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("the broker was told %v, want %v", got, want)
	}
}

func toldOnce(t *testing.T, w *world) {
	w.intend(t, "a")
	must(t, w.outbox.Tell(t.Context(), event("/users", "a")))
	w.now = w.now.Add(2 * age)
	must(t, w.relay(t, 0))
	w.wantTold(t, "a")
}

func relayed(t *testing.T, w *world) {
	w.intend(t, "a", "b")
	w.now = w.now.Add(age)
	must(t, w.relay(t, 2))
	must(t, w.relay(t, 0))
	w.wantTold(t, "a", "b")
}

func young(t *testing.T, w *world) {
	w.intend(t, "old")
	w.now = w.now.Add(age)
	w.intend(t, "young")
	must(t, w.relay(t, 1))
	w.wantTold(t, "old")
}

func intendedTwice(t *testing.T, w *world) {
	w.intend(t, "a", "a")
	w.now = w.now.Add(age)
	must(t, w.relay(t, 1))
	w.wantTold(t, "a")
}

func brokerAway(t *testing.T, w *world) {
	w.broker.away = true
	w.intend(t, "a", "b")
	if err := w.outbox.Tell(t.Context(), event("/users", "a")); err == nil || fault.KindOf(err) != fault.Busy {
		t.Errorf("telling a broker that is away: %v", err)
	}
	w.now = w.now.Add(age)
	if err := w.relay(t, 0); err == nil || fault.KindOf(err) != fault.Busy {
		t.Errorf("relaying to a broker that is away: %v", err)
	}
	w.broker.away = false
	must(t, w.relay(t, 2))
	w.wantTold(t, "a", "b")
}

func refused(t *testing.T, w *world) {
	w.broker.refuse["b"] = true
	w.intend(t, "a", "b", "c")
	w.now = w.now.Add(age)
	if err := w.relay(t, 2); err == nil {
		t.Error("nobody learns that one event stays behind")
	}
	w.wantTold(t, "a", "c")
}

func poison(t *testing.T, w *world) {
	w.intend(t, "a", "b")
	_, err := w.raw.InsertOne(t.Context(), bson.D{{Key: "_id", Value: "0"}, {Key: "event", Value: []byte("no event")}, {Key: "at", Value: w.now}})
	must(t, err)
	w.now = w.now.Add(age)
	if err := w.relay(t, 2); err == nil {
		t.Error("nobody learns that one intent cannot be read")
	}
	w.wantTold(t, "a", "b")
}

func twoRelays(t *testing.T, w *world) {
	for i := range 20 {
		w.intend(t, fmt.Sprint(i))
	}
	w.now = w.now.Add(age)
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() {
			if _, err := w.outbox.Relay(t.Context(), age); err != nil {
				t.Errorf("relay: %v", err)
			}
		})
	}
	wg.Wait()
	told := map[string]bool{}
	for _, id := range w.broker.told {
		told[id] = true
	}
	if len(told) != 20 {
		t.Errorf("%d events were told, want 20, some of them twice at most", len(told))
	}
	must(t, w.relay(t, 0))
}

func twoSources(t *testing.T, w *world) {
	must(t, w.outbox.Intend(t.Context(), event("/users", "a")))
	must(t, w.outbox.Intend(t.Context(), event("/chains", "a")))
	w.now = w.now.Add(age)
	must(t, w.relay(t, 2))
	w.wantTold(t, "a", "a")
}
