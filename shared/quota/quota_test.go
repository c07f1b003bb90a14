package quota

import (
	"context"
	"testing"

	"onex.io/onex/shared/fault"
)

type shelf struct {
	docs map[string]Allowance
	away bool
}

func (s *shelf) Get(_ context.Context, id string) (*Allowance, error) {
	a, ok := s.docs[id]
	switch {
	case s.away:
		return nil, fault.New(fault.Busy, "StoreAway", "away")
	case !ok:
		return nil, fault.New(fault.Missing, "NotFound", "%q is not there", id)
	}
	return &a, nil
}

func (s *shelf) Put(_ context.Context, id string, a *Allowance) error {
	s.docs[id] = *a
	return nil
}

func TestWhoIsNotOnTheListMayHaveTheUsualNumber(t *testing.T) {
	s := &shelf{docs: map[string]Allowance{}}
	l := &Limits{list: s, usual: 20}
	want := func(user string, want int64) {
		t.Helper()
		if got, err := l.Miners(t.Context(), user); err != nil || got != want {
			t.Errorf("%s may have %d, %v; want %d", user, got, err, want)
		}
	}
	want("user-a", 20)
	for range 2 { // repeated
		if err := l.Allow(t.Context(), Allowance{UserID: "user-a", Miners: 10_000}); err != nil {
			t.Fatal(err)
		}
		want("user-a", 10_000)
	}
	want("user-b", 20)
	if err := l.Allow(t.Context(), Allowance{UserID: "user-a"}); err != nil {
		t.Fatal(err)
	}
	want("user-a", 0)
}

func TestAListThatCannotBeReadAllowsNothing(t *testing.T) {
	l := &Limits{list: &shelf{away: true}, usual: 20}
	if got, err := l.Miners(t.Context(), "user-a"); fault.KindOf(err) != fault.Busy || got != 0 {
		t.Errorf("got %d, %v", got, err)
	}
}
