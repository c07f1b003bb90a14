package policy

import (
	"context"
	"errors"
	"strconv"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"onex.io/onex/shared/access"
	"onex.io/onex/shared/trip"
)

// Book is the rules as one process knows them: compiled once, and again when their number is another. The number is
// kept in Redis for at most a second and read there with every request, so that a change works everywhere within that
// second and nobody has to be told.
type Book struct {
	rules source
	cache *redis.Client
	now   func() time.Time

	mu     sync.Mutex
	number int64 // that was asked for when the set was compiled
	set    *Set
}

type source interface {
	// Number is the version of the rules; 0 while there are none.
	Number(ctx context.Context) (int64, error)
	Read(ctx context.Context) (*Rules, error)
}

// NewBook is a book that has read nothing yet.
func NewBook(rules source, cache *redis.Client, now func() time.Time) *Book {
	return &Book{rules: rules, cache: cache, now: now}
}

const (
	numberKey = "policies/number"
	// numberLife is the second that is promised, less what a clock may be late and a call may take.
	numberLife = 900 * time.Millisecond
)

// Ask reads the number on the request's trip to Redis, or where that does not happen, alone.
func (b *Book) Ask(ctx context.Context) func(context.Context, access.Question) (access.Verdict, error) {
	var kept *redis.StringCmd
	trip.Board(ctx, func(pipe redis.Pipeliner, _ string) { kept = pipe.Get(ctx, numberKey) })
	return func(ctx context.Context, q access.Question) (access.Verdict, error) {
		if kept == nil {
			kept = b.cache.Get(ctx, numberKey)
		}
		number, err := b.current(ctx, kept)
		if err != nil {
			return access.Verdict{}, err
		}
		set, err := b.at(ctx, number)
		if err != nil {
			return access.Verdict{}, err
		}
		return set.Decide(q), nil
	}
}

// current is the number of the rules. Where Redis does not know it, the store does.
func (b *Book) current(ctx context.Context, kept *redis.StringCmd) (int64, error) {
	if number, err := strconv.ParseInt(kept.Val(), 10, 64); err == nil && kept.Err() == nil {
		return number, nil
	}
	began := b.now()
	number, err := b.rules.Number(ctx)
	if err != nil {
		return 0, err
	}
	// The second begins before the look. A cache that is away costs time, but only once.
	if left := numberLife - b.now().Sub(began); left >= time.Millisecond && (kept.Err() == nil || errors.Is(kept.Err(), redis.Nil)) {
		b.cache.Set(ctx, numberKey, number, left)
	}
	return number, nil
}

// at is the set of a number, or a later one: an earlier one only while the store knows no better. Whoever comes while it
// is read waits for it.
func (b *Book) at(ctx context.Context, number int64) (*Set, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.set != nil && b.number == number {
		return b.set, nil
	}
	rules := &Rules{}
	if number > 0 {
		var err error
		if rules, err = b.rules.Read(ctx); err != nil {
			return nil, err
		}
	}
	b.set, b.number = Compile(rules), min(number, rules.Version) // a store that lags behind is read again
	return b.set, nil
}
