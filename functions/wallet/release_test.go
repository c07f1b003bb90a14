package wallet

import (
	"context"
	"slices"
	"testing"

	"onex.io/onex/eventing"
	"onex.io/onex/shared/fault"
	"onex.io/onex/shared/ledger"
)

// estate is the register of pools, and the objects beside it.
type estate struct {
	open     []ledger.OpenPool
	standing map[string]map[string]bool
	released []string
	asked    []string
	away     string
}

func (e *estate) OpenPools(context.Context) ([]ledger.OpenPool, error) {
	return slices.Clone(e.open), e.unless("register")
}

func (e *estate) Release(_ context.Context, p ledger.OpenPool) (bool, error) {
	if err := e.unless("release"); err != nil {
		return false, err
	}
	e.released = append(e.released, p.Account+"/"+p.ID)
	e.open = slices.DeleteFunc(e.open, func(o ledger.OpenPool) bool { return o == p })
	return true, nil
}

func (e *estate) Pools(_ context.Context, namespace string) (map[string]bool, error) {
	e.asked = append(e.asked, namespace)
	return e.standing[namespace], e.unless("objects")
}

func (e *estate) unless(part string) error {
	if e.away == part {
		return fault.New(fault.Busy, "StoreAway", "away")
	}
	return nil
}

func newEstate() (*estate, *releasePools) {
	e := &estate{
		open: []ledger.OpenPool{{ID: "set-1", Account: "user-a"}, {ID: "set-2", Account: "user-a"}, {ID: "miner-1", Account: "user-b"}, {ID: "set-3", Account: "user-gone"}},
		standing: map[string]map[string]bool{
			"user-a": {"set-1": true, "never-paid": true}, "user-b": {"miner-1": true}, "user-gone": {},
		},
	}
	return e, &releasePools{register: func(context.Context) (register, error) { return e, nil }, pools: e, log: silence()}
}

func TestPoolsThatAreGoneAreReleasedAndNoOthers(t *testing.T) {
	e, f := newEstate()
	for range 2 { // delivered twice
		wantKind(t, "the tick", f.Handle(t.Context(), told(t, eventing.Tick, "/x")), "")
		if want := []string{"user-a/set-2", "user-gone/set-3"}; !slices.Equal(e.released, want) {
			t.Errorf("released %v, want %v", e.released, want)
		}
	}
	if want := []string{"user-a", "user-b", "user-gone", "user-a", "user-b"}; !slices.Equal(e.asked, want) {
		t.Errorf("asked for %v, want each namespace with an open pool once a tick: %v", e.asked, want)
	}
}

func TestWhatCannotBeSeenIsNotTakenForGone(t *testing.T) {
	for _, part := range []string{"register", "objects", "release"} {
		e, f := newEstate()
		e.away = part
		wantKind(t, part, f.Handle(t.Context(), told(t, eventing.Tick, "/x")), fault.Busy)
		if len(e.released) != 0 {
			t.Errorf("with %s away %v were released", part, e.released)
		}
		e.away = ""
		wantKind(t, "the next tick", f.Handle(t.Context(), told(t, eventing.Tick, "/x")), "")
		if len(e.released) != 2 {
			t.Errorf("after %s was away %v were released", part, e.released)
		}
	}
}
