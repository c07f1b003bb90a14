package policy_test

import (
	"context"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"

	"onex.io/onex/shared/access"
	"onex.io/onex/shared/fault"
	"onex.io/onex/shared/policy"
	"onex.io/onex/shared/trip"
)

var noon = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

// shelf is where the rules are kept; it can go away, and counts how often it is asked for what.
type shelf struct {
	rules          policy.Rules
	numbers, reads int
	away           bool
}

func (s *shelf) Number(context.Context) (int64, error) {
	s.numbers++
	return s.rules.Version, s.gone()
}

func (s *shelf) Read(context.Context) (*policy.Rules, error) {
	s.reads++
	r := s.rules
	return &r, s.gone()
}

func (s *shelf) gone() error {
	if s.away {
		return fault.New(fault.Busy, "StoreAway", "the store does not answer now")
	}
	return nil
}

func (s *shelf) write(lines ...string) {
	version := s.rules.Version + 1
	s.rules = *rows(lines...)
	s.rules.Version = version
}

type library struct {
	*shelf
	book  *policy.Book
	redis *miniredis.Miniredis
	cache *redis.Client
}

func newLibrary(t *testing.T) *library {
	t.Helper()
	l := &library{shelf: &shelf{}, redis: miniredis.RunT(t)}
	l.cache = redis.NewClient(&redis.Options{Addr: l.redis.Addr(), DialerRetries: 1, MaxRetries: -1})
	t.Cleanup(func() { l.cache.Close() })
	l.book = l.another()
	return l
}

// another is the book of another process.
func (l *library) another() *policy.Book {
	return policy.NewBook(l.shelf, l.cache, func() time.Time { return noon })
}

func effect(t *testing.T, b *policy.Book) access.Effect {
	t.Helper()
	v, err := b.Ask(t.Context())(t.Context(), create())
	if err != nil {
		t.Fatal(err)
	}
	return v.Effect
}

func TestAChangeOfTheRowsWorksEverywhereWithinASecond(t *testing.T) {
	l := newLibrary(t)
	books := []*policy.Book{l.book, l.another()}
	for _, step := range []struct {
		lines []string
		want  access.Effect
	}{{nil, access.Silent}, {[]string{"users * * deny"}, access.Deny}, {[]string{"users * * allow"}, access.Allow}, {nil, access.Silent}} {
		l.write(step.lines...)
		l.redis.FastForward(time.Second)
		for i, b := range books {
			if got := effect(t, b); got != step.want {
				t.Errorf("%v: book %d says %q, want %q", step.lines, i, got, step.want)
			}
		}
	}
}

func TestTheRowsAreReadOnceAndTheirNumberOnceASecond(t *testing.T) {
	l := newLibrary(t)
	l.write("users * * deny")
	for range 20 {
		effect(t, l.book)
	}
	if l.reads != 1 || l.numbers != 1 {
		t.Errorf("the rows were read %d times, their number %d times", l.reads, l.numbers)
	}
	l.redis.FastForward(time.Second)
	effect(t, l.book)
	if l.reads != 1 || l.numbers != 2 {
		t.Errorf("a second later: the rows were read %d times, their number %d times", l.reads, l.numbers)
	}
}

func TestANumberThatIsBehindReadsTheRowsOnlyOnce(t *testing.T) {
	l := newLibrary(t)
	l.write()
	effect(t, l.book)
	l.write("users * * deny") // the cache has the number before
	other := l.another()
	for range 3 {
		if got := effect(t, other); got != access.Deny {
			t.Errorf("got %q", got)
		}
	}
	if l.reads != 2 {
		t.Errorf("the rows were read %d times, want once by each book", l.reads)
	}
}

func TestTheNumberTravelsOnTheRequestsTrip(t *testing.T) {
	l := newLibrary(t)
	l.write("users * * deny")
	effect(t, l.book)
	ctx := trip.With(t.Context())
	decide := l.book.Ask(ctx)
	if _, err := trip.Get(ctx, l.cache, "user-alice", "standing"); err == nil {
		t.Fatal("the standing is there")
	}
	before := l.redis.CommandCount()
	if v, err := decide(ctx, create()); err != nil || v.Effect != access.Deny {
		t.Errorf("got %+v, %v", v, err)
	}
	if asked := l.redis.CommandCount() - before; asked != 0 || l.numbers != 1 {
		t.Errorf("the cache was asked %d times beside the trip, the store %d times", asked, l.numbers)
	}
}

func TestWithTheCacheAwayTheStoreAnswersAndWithBothAwayNobodyDoes(t *testing.T) {
	l := newLibrary(t)
	l.write("users * * deny")
	l.redis.Close()
	if got := effect(t, l.book); got != access.Deny {
		t.Errorf("with the cache away: %q", got)
	}
	l.away = true
	if v, err := l.book.Ask(t.Context())(t.Context(), create()); err == nil || fault.KindOf(err) != fault.Busy {
		t.Errorf("with both away: %+v, %v", v, err)
	}
}

func TestRowsThatCannotBeReadAreReadTheNextTime(t *testing.T) {
	l := newLibrary(t)
	l.write("users * * deny")
	effect(t, l.another())
	l.away = true
	if v, err := l.book.Ask(t.Context())(t.Context(), create()); err == nil {
		t.Errorf("got %+v", v)
	}
	l.away = false
	if got := effect(t, l.book); got != access.Deny {
		t.Errorf("got %q", got)
	}
}

// A part of the store that lags behind may still have the rows of before.
func TestRowsThatAreOlderThanTheirNumberAreReadAgain(t *testing.T) {
	l := newLibrary(t)
	l.write("users * * allow")
	if err := l.redis.Set("policies/number", "2"); err != nil { // another process has seen the change
		t.Fatal(err)
	}
	effect(t, l.book)
	l.write("users * * deny")
	for range 2 {
		if got := effect(t, l.book); got != access.Deny {
			t.Errorf("got %q", got)
		}
	}
	if l.reads != 2 {
		t.Errorf("the rows were read %d times", l.reads)
	}
}

func TestGarbageInTheCacheIsNoNumber(t *testing.T) {
	l := newLibrary(t)
	l.write("users * * deny")
	if err := l.redis.Set("policies/number", "garbage"); err != nil {
		t.Fatal(err)
	}
	if got := effect(t, l.book); got != access.Deny {
		t.Errorf("got %q", got)
	}
	if kept, err := l.redis.Get("policies/number"); err != nil || kept != "1" {
		t.Errorf("the cache has %q, %v", kept, err)
	}
}
