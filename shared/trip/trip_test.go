package trip_test

import (
	"errors"
	"testing"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"

	"onex.io/onex/shared/trip"
)

func newCache(t *testing.T) (*redis.Client, *miniredis.Miniredis) {
	t.Helper()
	server := miniredis.RunT(t)
	client := redis.NewClient(&redis.Options{Addr: server.Addr(), DialerRetries: 1, MaxRetries: -1})
	t.Cleanup(func() { client.Close() })
	return client, server
}

func TestWhoIsOnBoardIsAnsweredInTheSameTrip(t *testing.T) {
	client, server := newCache(t)
	_ = server.Set("a", "1")
	_ = server.Set("b", "2")
	ctx := trip.With(t.Context())
	var b, c *redis.StringCmd
	var who string
	for _, ask := range []trip.Ask{
		func(pipe redis.Pipeliner, userID string) { b, who = pipe.Get(ctx, "b"), userID },
		func(pipe redis.Pipeliner, _ string) { c = pipe.Get(ctx, "c") },
	} {
		if !trip.Board(ctx, ask) {
			t.Fatal("not on board")
		}
	}
	if got, err := trip.Get(ctx, client, "user-a", "a"); err != nil || got != "1" || who != "user-a" {
		t.Errorf("got %q of %q, %v", got, who, err)
	}
	if b.Val() != "2" || !errors.Is(c.Err(), redis.Nil) {
		t.Errorf("on board: %v, %v", b, c)
	}
	if trip.Board(ctx, func(redis.Pipeliner, string) { t.Error("asked after it has left") }) {
		t.Error("on board of a trip that has left")
	}
	if got, err := trip.Get(ctx, client, "", "b"); err != nil || got != "2" {
		t.Errorf("a second look: %q, %v", got, err)
	}
}

func TestWithoutATripNobodyIsOnBoard(t *testing.T) {
	client, server := newCache(t)
	_ = server.Set("a", "1")
	if trip.Board(t.Context(), func(redis.Pipeliner, string) { t.Error("asked") }) {
		t.Error("on board")
	}
	if got, err := trip.Get(t.Context(), client, "", "a"); err != nil || got != "1" {
		t.Errorf("got %q, %v", got, err)
	}
	if _, err := trip.Get(t.Context(), client, "", "none"); !errors.Is(err, redis.Nil) {
		t.Errorf("nothing is there: %v", err)
	}
}

func TestACacheThatIsAwayTellsEverybody(t *testing.T) {
	client, server := newCache(t)
	server.Close()
	ctx := trip.With(t.Context())
	var other *redis.StringCmd
	trip.Board(ctx, func(pipe redis.Pipeliner, _ string) { other = pipe.Get(ctx, "b") })
	if _, err := trip.Get(ctx, client, "", "a"); err == nil || errors.Is(err, redis.Nil) {
		t.Errorf("got %v", err)
	}
	if other.Err() == nil || errors.Is(other.Err(), redis.Nil) {
		t.Errorf("on board: %v", other.Err())
	}
}
