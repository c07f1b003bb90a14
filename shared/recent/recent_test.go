package recent_test

import (
	"testing"

	"onex.io/onex/shared/recent"
)

func TestWhatWasUsedLastIsKeptAndTheRestForgotten(t *testing.T) {
	const most = 100
	m := recent.Map[int, int]{Most: most}
	if _, ok := m.Get(0); ok {
		t.Error("something is there at first")
	}
	for i := range 10 * most {
		m.Put(i, i)
		if v, ok := m.Get(0); !ok || v != 0 {
			t.Fatalf("what is asked for at all times is forgotten after %d", i)
		}
		if m.Len() > 2*most {
			t.Fatalf("%d are kept", m.Len())
		}
	}
	for i := 10*most - most/2; i < 10*most; i++ {
		if v, ok := m.Get(i); !ok || v != i {
			t.Fatalf("%d is %d, %v", i, v, ok)
		}
	}
	if _, ok := m.Get(1); ok {
		t.Error("the first is still there")
	}
}

func TestWhatIsDeletedIsGoneFromBothHalves(t *testing.T) {
	m := recent.Map[string, int]{Most: 1}
	m.Put("a", 1)
	m.Put("b", 2) // a is in the old half
	m.Get("a")    // and in the young one, too
	m.Delete("a")
	if v, ok := m.Get("a"); ok {
		t.Errorf("a is %d", v)
	}
	m.Put("b", 3)
	if v, _ := m.Get("b"); v != 3 {
		t.Errorf("b is %d", v)
	}
}
