package storetest

import (
	"fmt"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"

	"onex.io/onex/shared/fault"
	"onex.io/onex/shared/store"
)

func advanced(t *testing.T, c store.Collection[doc]) {
	for _, row := range []struct {
		version, n int64
		kept       bool
	}{{3, 1, true}, {3, 2, false}, {2, 3, false}, {5, 4, true}, {4, 5, false}} {
		kept, err := c.Advance(t.Context(), "a", row.version, &doc{ID: "a", Version: row.version, N: row.n})
		must(t, err)
		if kept != row.kept {
			t.Errorf("version %d was kept: %t, want %t", row.version, kept, row.kept)
		}
	}
	got, err := c.Get(t.Context(), "a")
	must(t, err)
	if got.Version != 5 || got.N != 4 {
		t.Errorf("after all of them there is %+v", *got)
	}
}

func manyAdvances(t *testing.T, c store.Collection[doc]) {
	const rounds, callers = 10, 8
	for round := range rounds {
		id := fmt.Sprint(round)
		atOnce(callers, func(i int) {
			if _, err := c.Advance(t.Context(), id, int64(i+1), &doc{ID: id, Version: int64(i + 1)}); err != nil {
				t.Errorf("advance to %d: %v", i+1, err)
			}
		})
		got, err := c.Get(t.Context(), id)
		must(t, err)
		if got.Version != callers {
			t.Errorf("of %d versions at once, %d stayed", callers, got.Version)
		}
	}
}

func deletedAt(t *testing.T, c store.Collection[doc]) {
	must(t, c.Insert(t.Context(), "a", &doc{ID: "a", Version: 2}))
	must(t, c.DeleteAt(t.Context(), "a", 1))
	must(t, c.DeleteAt(t.Context(), "b", 1))
	if _, err := c.Get(t.Context(), "a"); err != nil {
		t.Errorf("another version was deleted: %v", err)
	}
	must(t, c.DeleteAt(t.Context(), "a", 2))
	if _, err := c.Get(t.Context(), "a"); fault.KindOf(err) != fault.Missing {
		t.Errorf("what was deleted is there: %v", err)
	}
}

func counted(t *testing.T, c store.Collection[doc]) {
	for i, key := range []string{"y", "x", "y", "z", "y"} {
		must(t, c.Insert(t.Context(), fmt.Sprint(i), &doc{ID: fmt.Sprint(i), Key: key, N: int64(i)}))
	}
	groups, err := c.Count(t.Context(), bson.D{{Key: "n", Value: bson.D{{Key: "$lt", Value: 4}}}}, "key")
	must(t, err)
	if want := "[{x 1} {y 2} {z 1}]"; fmt.Sprint(groups) != want {
		t.Errorf("counted %v, want %s", groups, want)
	}
	if groups, err := c.Count(t.Context(), bson.D{{Key: "key", Value: "none"}}, "key"); err != nil || len(groups) > 0 {
		t.Errorf("nothing was counted as %v, %v", groups, err)
	}
}
