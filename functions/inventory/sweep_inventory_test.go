package inventory

import (
	"testing"
	"time"

	"onex.io/onex/eventing"
	"onex.io/onex/shared/fault"
	"onex.io/onex/shared/inventory"
)

func TestTheClockFindsWhatNoEventHasTold(t *testing.T) {
	w := newWorld(t)
	w.add("stays")
	w.add("goes")
	w.must(w.tick())
	w.want("what was there before the source", "goes Pending, stays Pending")

	w.become("stays", "Running")
	w.remove("goes")
	w.add("comes")
	w.must(w.tick())
	w.want("what the source has lost", "comes Pending, stays Running")

	before := w.wrote
	w.must(w.tick())
	w.must(w.tick()) // delivered twice
	if w.wrote != before {
		t.Errorf("a settled world was written %d times", w.wrote-before)
	}
	w.must(w.tell(eventing.ObjectAdded, "goes")) // delivered late
	w.must(w.tell(eventing.ObjectUpdated, "stays"))
	w.want("late events change nothing", "comes Pending, stays Running")
}

func TestGoneCardsAreForgottenInTheEnd(t *testing.T) {
	w := newWorld(t)
	w.add("a")
	w.must(w.tell(eventing.ObjectAdded, "a"))
	w.remove("a")
	w.must(w.tell(eventing.ObjectDeleted, "a"))
	w.clock = w.clock.Add(inventory.Remembered - time.Second)
	w.must(w.tick())
	if len(w.cards) != 1 {
		t.Fatalf("%d cards within the time", len(w.cards))
	}
	w.clock = w.clock.Add(2 * time.Second)
	w.must(w.tick())
	if len(w.cards) != 0 {
		t.Errorf("%d cards after the time", len(w.cards))
	}
}

func TestASweepThatCannotSeeChangesNothing(t *testing.T) {
	w := newWorld(t)
	w.add("a")
	w.must(w.tick())
	w.sweep.objects = objects{nowhere(t)}
	if err := w.tick(); fault.KindOf(err) != fault.Busy {
		t.Errorf("without the object API: %v", err)
	}
	w.want("without the object API", "a Pending")
	w.sweep.objects, w.away = objects{w.objects}, true
	if err := w.tick(); fault.KindOf(err) != fault.Busy {
		t.Errorf("without the store: %v", err)
	}
}
