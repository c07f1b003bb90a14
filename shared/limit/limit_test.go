package limit_test

import (
	"context"
	"fmt"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"

	"onex.io/onex/shared/fault"
	"onex.io/onex/shared/limit"
)

// world is a Redis whose clock, and the process's, the test turns.
type world struct {
	t     *testing.T
	redis *miniredis.Miniredis
	cache *redis.Client
	mu    sync.Mutex
	now   time.Time
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, redis: miniredis.RunT(t), now: time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)}
	w.redis.SetTime(w.now)
	w.cache = redis.NewClient(&redis.Options{Addr: w.redis.Addr(), MaxRetries: -1, DialerRetries: 1, DialTimeout: time.Second})
	t.Cleanup(func() { _ = w.cache.Close() })
	return w
}

func (w *world) clock() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now
}

func (w *world) pass(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = w.now.Add(d)
	w.redis.SetTime(w.now)
	if d > 0 {
		w.redis.FastForward(d)
	}
}

func (w *world) buckets(perSecond float64, burst int) *limit.Buckets {
	return limit.New(w.cache, "user", limit.Rate{PerSecond: perSecond, Burst: burst}, w.clock)
}

// takes is how many of n tokens are got.
func takes(t *testing.T, b *limit.Buckets, who string, n int) (got int) {
	t.Helper()
	for range n {
		switch err := b.Take(t.Context(), who); {
		case err == nil:
			got++
		case fault.ReasonOf(err) != limit.Reason || fault.KindOf(err) != fault.Busy:
			t.Fatalf("refused with %v", err)
		}
	}
	return got
}

// Whether Redis answers or not, a bucket is the same bucket.
func both(t *testing.T, test func(*testing.T, *world)) {
	t.Run("in Redis", func(t *testing.T) { test(t, newWorld(t)) })
	t.Run("while Redis is away", func(t *testing.T) {
		w := newWorld(t)
		w.redis.SetError("LOADING it is not ready")
		test(t, w)
	})
}

func TestABurstThenASteadyRate(t *testing.T) {
	both(t, func(t *testing.T, w *world) {
		b := w.buckets(10, 20)
		if got := takes(t, b, "a", 30); got != 20 {
			t.Errorf("the burst was %d, want 20", got)
		}
		for second := range 3 {
			w.pass(time.Second)
			if got := takes(t, b, "a", 30); got != 10 {
				t.Errorf("in second %d: %d, want 10", second, got)
			}
		}
		w.pass(time.Hour)
		if got := takes(t, b, "a", 50); got != 20 {
			t.Errorf("after an hour: %d, want the burst of 20", got)
		}
	})
}

func TestOneSpendsNobodyElsesTokens(t *testing.T) {
	both(t, func(t *testing.T, w *world) {
		b := w.buckets(1, 5)
		if a, other := takes(t, b, "a", 9), takes(t, b, "b", 9); a != 5 || other != 5 {
			t.Errorf("%d and %d, want 5 each", a, other)
		}
	})
}

// A bucket that is full again in less than half a second had an expiry of zero seconds, which Redis refuses.
func TestAFastBucketIsKept(t *testing.T) {
	w := newWorld(t)
	if got := takes(t, w.buckets(1000, 100), "a", 150); got != 100 {
		t.Errorf("%d, want 100", got)
	}
	if left := w.redis.TTL("limit/user/a"); left < time.Second {
		t.Errorf("the bucket is kept for %s", left)
	}
}

func TestABucketIsForgottenWhenItHasLongBeenFull(t *testing.T) {
	w := newWorld(t)
	takes(t, w.buckets(10, 100), "a", 1)
	if left := w.redis.TTL("limit/user/a"); left != 20*time.Second {
		t.Errorf("the bucket is kept for %s, want twice the 10 s that it takes to fill", left)
	}
}

func TestAClockThatGoesBackTakesNothingAway(t *testing.T) {
	both(t, func(t *testing.T, w *world) {
		b := w.buckets(10, 20)
		if got := takes(t, b, "a", 5); got != 5 {
			t.Fatal(got)
		}
		w.pass(-5 * time.Second)
		if got := takes(t, b, "a", 30); got != 15 {
			t.Errorf("%d were left, want 15", got)
		}
		w.pass(time.Second)
		if got := takes(t, b, "a", 30); got != 10 {
			t.Errorf("a second later %d, want 10: it fills by the clock as it is now", got)
		}
	})
}

func TestABucketFillsWithinASecond(t *testing.T) {
	both(t, func(t *testing.T, w *world) {
		b := w.buckets(10, 20)
		takes(t, b, "a", 20)
		for i := range 5 {
			w.pass(100 * time.Millisecond)
			if got := takes(t, b, "a", 3); got != 1 {
				t.Errorf("tenth %d of the second: %d, want 1", i, got)
			}
		}
	})
}

// On a Redis Cluster a script may touch the keys that it declares, and no others.
func TestTheScriptHasOneKeyAndDeclaresIt(t *testing.T) {
	w := newWorld(t)
	takes(t, w.buckets(10, 20), "a", 3)
	if keys := w.redis.Keys(); len(keys) != 1 || keys[0] != "limit/user/a" {
		t.Errorf("the keys are %q", keys)
	}
}

func TestManyAtOnceNeverGetMoreThanThereIs(t *testing.T) {
	both(t, func(t *testing.T, w *world) {
		b := w.buckets(10, 50)
		var got atomic.Int64
		var all sync.WaitGroup
		for range 20 {
			all.Go(func() {
				for range 10 {
					if b.Take(context.WithoutCancel(t.Context()), "a") == nil {
						got.Add(1)
					}
				}
			})
		}
		all.Wait()
		// Who finds Redis away at the same time may each have asked; the process's own bucket is one.
		if got.Load() != 50 {
			t.Errorf("%d, want 50", got.Load())
		}
	})
}

func TestWhoIsRefusedIsToldWhenToComeBack(t *testing.T) {
	both(t, func(t *testing.T, w *world) {
		b := w.buckets(0.1, 1)
		takes(t, b, "a", 1)
		w.pass(2500 * time.Millisecond)
		err := b.Take(t.Context(), "a")
		seconds, bad := strconv.Atoi(fault.Of(err).Metadata[fault.RetryAfter])
		if bad != nil || seconds != 8 {
			t.Errorf("%v: wait %q, want 8 s, the whole seconds until there is one", err, fault.Of(err).Metadata[fault.RetryAfter])
		}
	})
}

func TestARateOfZeroBoundsNothingAndNobodyHasNoBucket(t *testing.T) {
	w := newWorld(t)
	if got := takes(t, w.buckets(0, 1), "a", 100); got != 100 {
		t.Errorf("%d of 100", got)
	}
	if got := takes(t, w.buckets(1, 1), "", 100); got != 100 {
		t.Errorf("nobody got %d of 100", got)
	}
}

// Redis is left alone for a while after it did not answer, and asked again then.
func TestRedisIsAskedAgainWhenItIsBack(t *testing.T) {
	w := newWorld(t)
	b := w.buckets(1, 5)
	w.redis.SetError("LOADING it is not ready")
	if got := takes(t, b, "a", 9); got != 5 {
		t.Errorf("away: %d, want 5", got)
	}
	w.redis.SetError("")
	if got := takes(t, b, "a", 9); got != 0 {
		t.Errorf("not asked yet: %d, want 0", got)
	}
	w.pass(10 * time.Second)
	takes(t, b, "a", 1)
	if !w.redis.Exists("limit/user/a") {
		t.Error("Redis is back, and nobody asks it")
	}
}

func TestAPipelineAsksForATokenBesideSomethingElse(t *testing.T) {
	w := newWorld(t)
	b := w.buckets(1, 1)
	for i, want := range []string{"", limit.Reason} {
		pipe := w.cache.Pipeline()
		other := pipe.Get(t.Context(), "nothing")
		a := b.Ask(t.Context(), pipe, "a")
		_, _ = pipe.Exec(t.Context())
		if err := b.Settle(t.Context(), a); (err == nil) != (want == "") || err != nil && fault.ReasonOf(err) != want {
			t.Errorf("take %d: %v", i, err)
		}
		if other.Err() != redis.Nil {
			t.Errorf("the other: %v", other.Err())
		}
	}
}

// Many that come once each must not make a process grow without end, nor let one who comes often start anew.
func TestAProcessForgetsWhoDoesNotComeBack(t *testing.T) {
	w := newWorld(t)
	w.redis.SetError("LOADING it is not ready")
	b := w.buckets(0.001, 2)
	takes(t, b, "often", 2)
	for i := range 120_000 {
		if i%40_000 == 0 && takes(t, b, "often", 1) != 0 {
			t.Fatalf("after %d others, who comes often begins anew", i)
		}
		if err := b.Take(t.Context(), fmt.Sprint(i)); err != nil {
			t.Fatal(err)
		}
	}
}
