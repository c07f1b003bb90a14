//go:build !race

package identity_test

import (
	"cmp"
	"os"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"

	"onex.io/onex/shared/limit"
)

// BenchmarkTrip is a decision on a token that this process knows with its one trip to Redis, in which session, user,
// limit and the number of the policies are asked for, beside a trip that asks for nothing. It goes to the Redis at
// ONEX_TEST_REDIS, host:port, or to one in this process, which takes longer over the script of the limit.
func BenchmarkTrip(b *testing.B) {
	address := os.Getenv("ONEX_TEST_REDIS")
	cache := redis.NewClient(&redis.Options{Addr: cmp.Or(address, miniredis.RunT(b).Addr())})
	b.Cleanup(func() { cache.Close() })
	c := costsBy(b, cache, limit.New(cache, "bench", limit.Rate{PerSecond: 1e6, Burst: 1e6}, time.Now))
	for key, value := range standings(b) {
		if err := cache.Set(b.Context(), key, value, time.Hour).Err(); err != nil {
			b.Fatal(err)
		}
	}
	b.Run("ping", func(b *testing.B) {
		for b.Loop() {
			if err := cache.Ping(b.Context()).Err(); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("decision", func(b *testing.B) {
		text := c.fresh(b, 1)[0]
		for b.Loop() {
			c.admit(b, text)
		}
	})
}
