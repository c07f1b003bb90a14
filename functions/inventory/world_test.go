package inventory

import (
	"context"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	cloudevents "github.com/cloudevents/sdk-go/v2"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"onex.io/onex/eventing"
	"onex.io/onex/shared/api/apps/v1beta1"
	"onex.io/onex/shared/fault"
	"onex.io/onex/shared/inventory"
	"onex.io/onex/shared/kube"
	"onex.io/onex/shared/kube/kubetest"
)

// memory is a shelf in memory. The real one is proved by the read model's own suite.
type memory struct {
	mu    sync.Mutex
	cards map[string]inventory.Card
	away  bool
	wrote int
}

func (m *memory) reach() error {
	if m.away {
		return fault.New(fault.Busy, "StoreAway", "away")
	}
	return nil
}

func (m *memory) Keep(_ context.Context, c inventory.Card) (bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	known, there := m.cards[c.ID]
	if m.away || !there && c.Gone || there && known.Version >= c.Version || inventory.Says(m.cards, c) {
		return false, m.reach()
	}
	m.cards[c.ID] = c
	m.wrote++
	return true, nil
}

func (m *memory) Known(_ context.Context, kind string) (map[string]inventory.Card, error) {
	known := maps.Clone(m.cards)
	maps.DeleteFunc(known, func(_ string, c inventory.Card) bool { return c.Item.Kind != kind })
	return known, m.reach()
}

func (m *memory) Forget(_ context.Context, c inventory.Card) error {
	if m.cards[c.ID].Version == c.Version {
		delete(m.cards, c.ID)
		m.wrote++
	}
	return m.reach()
}

// world is an object API, and what is noted of it.
type world struct {
	*memory
	t       *testing.T
	server  *kubetest.Server
	objects *kube.Client
	clock   time.Time
	record  *recordObject
	sweep   *sweepInventory
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, memory: &memory{cards: map[string]inventory.Card{}}, server: kubetest.New(t), clock: time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)}
	var err error
	if w.objects, err = kube.New(w.server.Config()); err != nil {
		t.Fatal(err)
	}
	now := func() time.Time { return w.clock }
	w.record = &recordObject{objects: objects{w.objects}, shelf: w.memory, now: now}
	w.sweep = &sweepInventory{objects: objects{w.objects}, shelf: w.memory, now: now, log: slog.New(slog.DiscardHandler)}
	return w
}

func (w *world) add(name string) *v1beta1.Miner {
	w.t.Helper()
	m, err := w.objects.Miners("user-a").Create(w.t.Context(), &v1beta1.Miner{
		ObjectMeta: metav1.ObjectMeta{Name: name}, Spec: v1beta1.MinerSpec{ChainName: "harbor", MinerType: "S1.SMALL1"},
	}, metav1.CreateOptions{})
	if err != nil {
		w.t.Fatal(err)
	}
	return m
}

func (w *world) become(name string, phase v1beta1.MinerPhase) {
	w.t.Helper()
	m, err := w.objects.Miners("user-a").Get(w.t.Context(), name, metav1.GetOptions{})
	if err == nil {
		m.Status.Phase = phase
		_, err = w.objects.Miners("user-a").UpdateStatus(w.t.Context(), m, metav1.UpdateOptions{})
	}
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) remove(name string) {
	w.t.Helper()
	if err := w.objects.Miners("user-a").Delete(w.t.Context(), name, metav1.DeleteOptions{}); err != nil {
		w.t.Fatal(err)
	}
}

// event is what a Knative ApiServerSource says of a Miner.
func event(t *testing.T, eventType, name string) cloudevents.Event {
	t.Helper()
	return eventOf(t, eventType, eventing.ObjectData{APIVersion: "apps.onex.io/v1beta1", Kind: "Miner", Namespace: "user-a", Name: name})
}

func eventOf(t *testing.T, eventType string, data any) cloudevents.Event {
	t.Helper()
	e, err := eventing.New(eventType, "https://10.96.0.1:443", "any", time.Unix(1, 0), data)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func (w *world) tell(eventType, name string) error {
	w.t.Helper()
	return w.record.Handle(w.t.Context(), event(w.t, eventType, name))
}

func (w *world) tick() error {
	return w.sweep.Handle(w.t.Context(), cloudevents.NewEvent())
}

// noted is what stands on the shelf of what is not gone, in order.
func (w *world) noted() string {
	var all []string
	for _, id := range slices.Sorted(maps.Keys(w.cards)) {
		if c := w.cards[id]; !c.Gone {
			all = append(all, c.Item.Name+" "+c.Item.Phase)
		}
	}
	return strings.Join(all, ", ")
}

func (w *world) want(when, noted string) {
	w.t.Helper()
	if got := w.noted(); got != noted {
		w.t.Errorf("%s: noted is %q, want %q", when, got, noted)
	}
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}
