package limit

import (
	"fmt"
	"testing"
)

// Many that come once each must not make a process grow without end, nor take at once what is kept from who comes often.
func TestWhatIsKeptOfWhoDoesNotComeBackIsForgotten(t *testing.T) {
	a := (&Buckets{rate: Rate{PerSecond: 1, Burst: 500}}).Ahead()
	a.keep("often", 2)
	others := func(name string, count int) {
		for i := range count {
			a.keep(fmt.Sprint(name, i), 1)
		}
	}
	others("a", most)
	if !a.spend("often") {
		t.Error("what was kept is forgotten with the first generation")
	}
	others("b", most)
	others("c", most)
	if a.spend("often") || a.spend("a0") {
		t.Error("what nobody came for is kept")
	}
	if kept := a.kept.Len(); kept > 2*most {
		t.Errorf("%d are kept", kept)
	}
}
