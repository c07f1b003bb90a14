package storetest

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"

	"onex.io/onex/shared/fault"
	"onex.io/onex/shared/store"
)

// atOnce runs f in n goroutines.
func atOnce(n int, f func(i int)) {
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() { f(i) })
	}
	wg.Wait()
}

func insertNew(t *testing.T, c store.Collection[doc]) {
	must(t, c.InsertNew(t.Context(), nil))
	must(t, c.InsertNew(t.Context(), []doc{{ID: "a", N: 1}, {ID: "b", N: 1}}))
	must(t, c.InsertNew(t.Context(), []doc{{ID: "a", N: 2}, {ID: "b", N: 2}})) // delivered twice
	must(t, c.InsertNew(t.Context(), []doc{{ID: "b", N: 3}, {ID: "c", N: 3}, {ID: "c", N: 4}, {ID: "d", N: 3}}))
	docs, err := c.List(t.Context(), bson.D{})
	must(t, err)
	got := map[string]int64{}
	for _, d := range docs {
		got[d.ID] = d.N
	}
	if want := map[string]int64{"a": 1, "b": 1, "c": 3, "d": 3}; fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got %v, want %v: what comes after a duplicate counts too", got, want)
	}
}

func manyInserts(t *testing.T, c store.Collection[doc]) {
	var won atomic.Int64
	atOnce(16, func(i int) {
		switch err := c.Insert(t.Context(), "a", &doc{ID: "a", N: int64(i)}); {
		case err == nil:
			won.Add(1)
		case fault.KindOf(err) != fault.Conflict:
			t.Errorf("got %v, want Conflict", err)
		}
	})
	if won.Load() != 1 {
		t.Errorf("%d inserts of one id were taken", won.Load())
	}
}

func manyPuts(t *testing.T, c store.Collection[doc]) {
	atOnce(16, func(i int) {
		if err := c.Put(t.Context(), "a", &doc{ID: "a", N: int64(i)}); err != nil {
			t.Errorf("put %d: %v", i, err)
		}
	})
	docs, err := c.List(t.Context(), bson.D{})
	must(t, err)
	if len(docs) != 1 {
		t.Errorf("one id is there %d times", len(docs))
	}
}

func manySwaps(t *testing.T, c store.Collection[doc]) {
	must(t, c.Insert(t.Context(), "a", &doc{ID: "a"}))
	const rounds, callers = 5, 8
	for version := range int64(rounds) {
		var won atomic.Int64
		atOnce(callers, func(i int) {
			err := c.Swap(t.Context(), "a", version, &doc{ID: "a", Version: version + 1, N: int64(i)})
			switch {
			case err == nil:
				won.Add(1)
			case fault.KindOf(err) != fault.Conflict:
				t.Errorf("got %v", err)
			}
		})
		if won.Load() != 1 {
			t.Errorf("of version %d, %d won", version, won.Load())
		}
	}
}

func manyBatches(t *testing.T, c store.Collection[doc]) {
	const batches, size, step = 8, 40, 20 // each batch shares half of its documents with the next
	atOnce(batches, func(i int) {
		var batch []doc
		for n := range size {
			batch = append(batch, doc{ID: fmt.Sprint(i*step + n)})
		}
		if err := c.InsertNew(t.Context(), batch); err != nil {
			t.Errorf("batch %d: %v", i, err)
		}
	})
	docs, err := c.List(t.Context(), bson.D{})
	must(t, err)
	if want := (batches-1)*step + size; len(docs) != want {
		t.Errorf("%d documents, want %d", len(docs), want)
	}
}
