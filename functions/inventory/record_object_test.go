package inventory

import (
	"testing"

	"onex.io/onex/eventing"
	"onex.io/onex/shared/api/apps/v1beta1"
	"onex.io/onex/shared/fault"
	"onex.io/onex/shared/inventory"
	"onex.io/onex/shared/kube"
)

func TestACardFollowsItsObject(t *testing.T) {
	const add, update, gone = eventing.ObjectAdded, eventing.ObjectUpdated, eventing.ObjectDeleted
	type told struct{ eventType, name string }
	for _, row := range []struct {
		name string
		do   func(*world)
		told []told
		want string
		// writes is how often the card was written.
		writes int
	}{
		{"an object that has come", func(w *world) { w.add("a") }, []told{{add, "a"}}, "a Pending", 1},
		{"delivered twice", func(w *world) { w.add("a") }, []told{{add, "a"}, {add, "a"}}, "a Pending", 1},
		{"delivered late: only what stands there counts", func(w *world) { w.add("a"); w.become("a", "Running") },
			[]told{{update, "a"}, {add, "a"}}, "a Running", 1},
		{"out of order", func(w *world) { w.add("a"); w.become("a", "Running"); w.become("a", "Failed") },
			[]told{{gone, "a"}, {update, "a"}, {add, "a"}}, "a Failed", 1},
		{"an object that has gone, of which nobody knew", func(w *world) { w.add("a"); w.remove("a") },
			[]told{{add, "a"}, {gone, "a"}}, "", 0},
		{"a forged end", func(w *world) { w.add("a") }, []told{{add, "a"}, {gone, "a"}}, "a Pending", 1},
		{"a forged beginning", func(*world) {}, []told{{add, "ghost"}}, "", 0},
		{"others are left alone", func(w *world) { w.add("a"); w.add("b") }, []told{{add, "b"}}, "b Pending", 1},
	} {
		t.Run(row.name, func(t *testing.T) {
			w := newWorld(t)
			row.do(w)
			for _, e := range row.told {
				w.must(w.tell(e.eventType, e.name))
			}
			w.want("then", row.want)
			if w.wrote != row.writes {
				t.Errorf("%d writes, want %d", w.wrote, row.writes)
			}
		})
	}
}

func TestAnUpdateThatComesAfterTheEndBringsNothingBack(t *testing.T) {
	w := newWorld(t)
	w.add("a")
	w.must(w.tell(eventing.ObjectAdded, "a"))
	early, err := w.record.objects.find(t.Context(), v1beta1.KindMiner, "user-a", "a")
	w.must(err)
	w.remove("a")
	w.must(w.tell(eventing.ObjectDeleted, "a"))
	w.must(w.tell(eventing.ObjectUpdated, "a"))
	w.want("an update after the end", "")
	_, err = w.Keep(t.Context(), early.cards[0]) // by somebody who had looked before the end, and was slow
	w.must(err)
	w.want("a slow reader", "")

	w.add("a") // another one of the name
	w.must(w.tell(eventing.ObjectAdded, "a"))
	w.want("a successor", "a Pending")
}

func TestEveryKindHasCards(t *testing.T) {
	w := newWorld(t)
	for _, kind := range inventory.Kinds() {
		e := eventOf(t, eventing.ObjectAdded, eventing.ObjectData{Kind: kind, Namespace: "user-a", Name: "x"})
		w.must(w.record.Handle(t.Context(), e))
	}
}

func TestWhatIsNoObjectIsRefusedForGood(t *testing.T) {
	w := newWorld(t)
	for name, data := range map[string]any{
		"no object":            []int{1},
		"a kind of others":     eventing.ObjectData{Kind: "Secret", Namespace: "onex", Name: "onex-keys"},
		"no kind":              eventing.ObjectData{Namespace: "user-a", Name: "a"},
		"no namespace":         eventing.ObjectData{Kind: "Miner", Name: "a"},
		"no name":              eventing.ObjectData{Kind: "Miner", Namespace: "user-a"},
		"a path for a name":    eventing.ObjectData{Kind: "Miner", Namespace: "user-a", Name: "../../x"},
		"a selector of fields": eventing.ObjectData{Kind: "Miner", Namespace: "user-a", Name: "a,metadata.name!=b"},
	} {
		if err := w.record.Handle(t.Context(), eventOf(t, eventing.ObjectAdded, data)); fault.KindOf(err) != fault.Invalid {
			t.Errorf("%s: %v", name, err)
		}
	}
	if len(w.cards) > 0 {
		t.Errorf("noted is %v", w.cards)
	}
}

func TestWhileSomethingIsAwayTheEventComesAgain(t *testing.T) {
	w := newWorld(t)
	w.add("a")
	w.away = true
	if err := w.tell(eventing.ObjectAdded, "a"); fault.KindOf(err) != fault.Busy {
		t.Errorf("without the store: %v", err)
	}
	w.away = false
	away := &world{t: t, memory: w.memory, record: &recordObject{objects: objects{nowhere(t)}, shelf: w.memory, now: w.record.now}}
	if err := away.tell(eventing.ObjectAdded, "a"); fault.KindOf(err) != fault.Busy {
		t.Errorf("without the object API: %v", err)
	}
	w.want("while something was away", "")
	w.must(w.tell(eventing.ObjectAdded, "a"))
	w.want("then", "a Pending")
}

// nowhere is an object API that does not answer.
func nowhere(t *testing.T) *kube.Client {
	t.Helper()
	w := newWorld(t)
	config := w.server.Config()
	config.Host = "http://127.0.0.1:1"
	client, err := kube.New(config)
	w.must(err)
	return client
}
