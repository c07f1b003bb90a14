// Package trip is the one round trip to Redis that a request costs. Whoever has a question of its own puts it on board;
// the first who cannot go on without an answer sends them all.
package trip

import (
	"context"
	"sync"

	"github.com/redis/go-redis/v9"
)

// Ask adds a question to the round trip. UserID is whose request it is, by a token that has been verified; it is empty
// where the token's key says that, which is only looked up on this trip. What the question is answered stands in the
// command that the pipe gives, once the trip is over.
type Ask func(pipe redis.Pipeliner, userID string)

type trip struct {
	mu   sync.Mutex
	asks []Ask
	left bool
}

type tripKey struct{}

// With gives the request of ctx a trip, if it has none or that has left.
func With(ctx context.Context) context.Context {
	if t, _ := ctx.Value(tripKey{}).(*trip); t != nil && t.waits() {
		return ctx
	}
	return context.WithValue(ctx, tripKey{}, &trip{})
}

func (t *trip) waits() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return !t.left
}

// Board puts a question on board; false when there is no trip, or it has left.
func Board(ctx context.Context, ask Ask) bool {
	t, _ := ctx.Value(tripKey{}).(*trip)
	if t == nil {
		return false
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.left {
		t.asks = append(t.asks, ask)
	}
	return !t.left
}

// leave is who is on board; nobody can come any more.
func leave(ctx context.Context) []Ask {
	t, _ := ctx.Value(tripKey{}).(*trip)
	if t == nil {
		return nil
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	asks := t.asks
	t.asks, t.left = nil, true
	return asks
}

// Get reads a key, and takes along whoever is on board; redis.Nil when there is nothing under the key.
func Get(ctx context.Context, client *redis.Client, userID, key string) (string, error) {
	asks := leave(ctx)
	if len(asks) == 0 {
		return client.Get(ctx, key).Result()
	}
	pipe := client.Pipeline()
	got := pipe.Get(ctx, key)
	for _, ask := range asks {
		ask(pipe, userID)
	}
	_, _ = pipe.Exec(ctx) // every command has its own error
	return got.Result()
}
