// Package oncetest is the conformance suite of kept answers: what must hold of them on every store, however many come
// at once.
package oncetest

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"

	"onex.io/onex/shared/fault"
	"onex.io/onex/shared/once"
	"onex.io/onex/shared/seal"
)

// world is the answers of a database of its own, whose clock the test turns.
type world struct {
	*once.Answers
	db  *mongo.Database
	now *atomic.Pointer[time.Time]
}

const (
	patience = 30 * time.Second
	id       = "user/user-a/some key"
)

// Run runs the suite in databases of its own, each named after db.
func Run(t *testing.T, db *mongo.Database) {
	box, err := seal.NewBox(bytes.Repeat([]byte{7}, seal.KeySize))
	must(t, err)
	for name, test := range map[string]func(*testing.T, *world){
		"an answer is given again, whole":                                        again,
		"another request under the same key is refused":                          another,
		"a request that is being answered is not begun again":                    inFlight,
		"what its owner has left half done is neither done again nor waited for": died,
		"an owner who was slow is heard all the same":                            slow,
		"what was given back is begun anew":                                      released,
		"an answer is forgotten after its life":                                  forgotten,
		"of many who begin at once one does":                                     many,
		"of many who succeed an old request one does":                            manySucceed,
		"a sweep forgets what is old and nothing else":                           swept,
		"nothing that was asked or answered can be read in the store":            hidden,
		"what was sealed with another key is neither told nor done again":        otherKey,
		"guesses at a request are counted, each once":                            guessed,
	} {
		t.Run(name, func(t *testing.T) {
			own := db.Client().Database(db.Name() + "-" + bson.NewObjectID().Hex())
			t.Cleanup(func() { _ = own.Drop(context.WithoutCancel(t.Context())) })
			w := &world{db: own, now: new(atomic.Pointer[time.Time])}
			noon := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
			w.now.Store(&noon)
			w.Answers = once.Open(own, box, patience, w.clock)
			test(t, w)
		})
	}
}

func (w *world) clock() time.Time { return *w.now.Load() }

func (w *world) pass(d time.Duration) {
	next := w.clock().Add(d)
	w.now.Store(&next)
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// mine wants the request to be the caller's to do.
func (w *world) mine(t *testing.T, what string) {
	t.Helper()
	if got, err := w.Begin(t.Context(), id, []byte("asked")); got != nil || err != nil {
		t.Fatalf("%s: got %+v, %v, want to be the one who does it", what, got, err)
	}
}

// refused wants the request to be refused for the reason.
func (w *world) refused(t *testing.T, what, asked, reason string) {
	t.Helper()
	if got, err := w.Begin(t.Context(), id, []byte(asked)); err == nil || fault.ReasonOf(err) != reason {
		t.Errorf("%s: got %+v, %v, want %s", what, got, err, reason)
	}
}

func (w *world) answered(t *testing.T, what string) {
	t.Helper()
	got, err := w.Begin(t.Context(), id, []byte("asked"))
	if err != nil || got == nil || got.Status != 201 || got.Type != "text/plain" || string(got.Body) != "the answer" {
		t.Errorf("%s: got %+v, %v", what, got, err)
	}
}

func (w *world) keep(t *testing.T) {
	t.Helper()
	must(t, w.Keep(t.Context(), id, once.Answer{Status: 201, Type: "text/plain", Body: []byte("the answer")}))
}

func again(t *testing.T, w *world) {
	w.mine(t, "the first time")
	w.keep(t)
	for _, what := range []string{"the second time", "the third time"} {
		w.answered(t, what)
		w.pass(time.Hour)
	}
}

func another(t *testing.T, w *world) {
	w.mine(t, "the first time")
	w.refused(t, "in flight", "other", once.Reused)
	w.keep(t)
	w.refused(t, "answered", "other", once.Reused)
	w.answered(t, "and the first one is still answered")
}

func inFlight(t *testing.T, w *world) {
	w.mine(t, "the first time")
	w.refused(t, "at once", "asked", once.InFlight)
	w.pass(patience - time.Second)
	w.refused(t, "as long as its owner may live", "asked", once.InFlight)
}

func died(t *testing.T, w *world) {
	w.mine(t, "the first time")
	w.pass(patience)
	for range 2 {
		w.refused(t, "after that", "asked", once.Unknown)
	}
	w.refused(t, "and another request", "other", once.Reused)
}

func slow(t *testing.T, w *world) {
	w.mine(t, "the first time")
	w.pass(2 * patience)
	w.keep(t)
	w.answered(t, "afterward")
}

func released(t *testing.T, w *world) {
	w.mine(t, "the first time")
	must(t, w.Release(t.Context(), id))
	w.mine(t, "the second time")
	w.keep(t)
	w.answered(t, "then")
}

func forgotten(t *testing.T, w *world) {
	w.mine(t, "the first time")
	w.keep(t)
	w.pass(once.Life - time.Second)
	w.answered(t, "in its last second")
	w.pass(time.Second)
	w.mine(t, "after its life")
	w.refused(t, "which is in flight then", "asked", once.InFlight)
	w.keep(t)
	w.answered(t, "and kept")
}

// race has many begin at once, and says how many may do the request.
func (w *world) race(t *testing.T) int64 {
	var mine atomic.Int64
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			got, err := w.Begin(context.WithoutCancel(t.Context()), id, []byte("asked"))
			switch {
			case err == nil && got == nil:
				mine.Add(1)
			case err == nil || fault.ReasonOf(err) != once.InFlight:
				t.Errorf("got %+v, %v", got, err)
			}
		})
	}
	all.Wait()
	return mine.Load()
}

func many(t *testing.T, w *world) {
	if n := w.race(t); n != 1 {
		t.Errorf("%d do it", n)
	}
}

func manySucceed(t *testing.T, w *world) {
	w.mine(t, "the first time")
	w.keep(t)
	w.pass(once.Life)
	if n := w.race(t); n != 1 {
		t.Errorf("%d do it", n)
	}
}

func swept(t *testing.T, w *world) {
	for i := range 3 {
		_, err := w.Begin(t.Context(), fmt.Sprintf("user/user-a/%d", i), []byte("asked"))
		must(t, err)
		w.pass(time.Hour)
	}
	w.pass(once.Life - time.Hour) // the first is two hours beyond its life, the last is at its end
	if n, err := once.Sweep(t.Context(), w.db, w.clock().Add(-time.Minute)); err != nil || n != 1 {
		t.Errorf("%d were forgotten, %v, want the one that is long over", n, err)
	}
	if n, err := once.Sweep(t.Context(), w.db, w.clock().Add(-time.Minute)); err != nil || n != 0 {
		t.Errorf("again: %d were forgotten, %v", n, err)
	}
}

func hidden(t *testing.T, w *world) {
	_, err := w.Begin(t.Context(), id, []byte("asked with a password"))
	must(t, err)
	w.keep(t)
	raw, err := w.db.Collection("answers").FindOne(t.Context(), bson.D{}).Raw()
	must(t, err)
	for _, secret := range []string{"password", "the answer", "text/plain"} {
		if strings.Contains(string(raw), secret) {
			t.Errorf("%q stands in the store", secret)
		}
	}
}

func otherKey(t *testing.T, w *world) {
	w.mine(t, "the first time")
	w.keep(t)
	box, err := seal.NewBox(bytes.Repeat([]byte{8}, seal.KeySize))
	must(t, err)
	w.Answers = once.Open(w.db, box, patience, w.clock)
	w.refused(t, "under another key of the platform", "asked", once.Unknown)
}

func guessed(t *testing.T, w *world) {
	for range 200 {
		must(t, w.Guess(t.Context(), id)) // nobody has the key yet
	}
	w.mine(t, "the first time")
	w.keep(t)
	var free atomic.Int64
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 20 {
				switch err := w.Guess(context.WithoutCancel(t.Context()), id); {
				case err == nil:
					free.Add(1)
				case fault.ReasonOf(err) != once.Reused:
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	if free.Load() != 100 {
		t.Errorf("%d of 160 guesses were free, want 100", free.Load())
	}
	w.answered(t, "who need not guess")
	w.pass(once.Life)
	must(t, w.Guess(t.Context(), id))
	w.mine(t, "after its life")
	must(t, w.Guess(t.Context(), id))
}
