package limit_test

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"onex.io/onex/shared/limit"
)

// trips counts what asks a bucket of Redis; a new connection makes a trip of its own.
type trips struct{ count atomic.Int64 }

func (c *trips) DialHook(next redis.DialHook) redis.DialHook { return next }

func (c *trips) ProcessHook(next redis.ProcessHook) redis.ProcessHook { return next }

func (c *trips) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		if cmds[0].Name() == "eval" {
			c.count.Add(1)
		}
		return next(ctx, cmds)
	}
}

// got is how many of n requests are let in.
func got(t *testing.T, a *limit.Ahead, who string, n int) (in int) {
	t.Helper()
	for range n {
		if a.Take(t.Context(), who) == nil {
			in++
		}
	}
	return in
}

func TestTokensTakenAheadAreNoMoreThanTheBucketHas(t *testing.T) {
	for _, row := range []struct {
		name              string
		burst, asked, in  int
		trips, afterwards int // in the next second, ten tokens more
	}{
		{"of a small bucket, one at a time", 20, 15, 15, 15, 15},
		{"of a larger bucket, some at a time", 500, 400, 400, 80, 110},
		{"the last are fewer", 503, 600, 503, 101 + 97, 10},
		{"of a huge one, no more than fifty", 1_000_000, 5000, 5000, 100, 1000},
	} {
		t.Run(row.name, func(t *testing.T) {
			w, counted := newWorld(t), &trips{}
			w.cache.AddHook(counted)
			a := w.buckets(10, row.burst).Ahead()
			if in := got(t, a, "a", row.asked); in != row.in || counted.count.Load() != int64(row.trips) {
				t.Errorf("%d of %d were let in, by %d trips, want %d by %d", in, row.asked, counted.count.Load(), row.in, row.trips)
			}
			w.pass(time.Second)
			if in := got(t, a, "a", 1000); in != row.afterwards {
				t.Errorf("a second later %d, want %d", in, row.afterwards)
			}
		})
	}
}

func TestProcessesThatTakeAheadShareABucket(t *testing.T) {
	w := newWorld(t)
	var in atomic.Int64
	var all sync.WaitGroup
	for range 4 {
		a := w.buckets(0.001, 1000).Ahead()
		for range 4 {
			all.Go(func() {
				for range 200 {
					if a.Take(context.WithoutCancel(t.Context()), "a") == nil {
						in.Add(1)
					}
				}
			})
		}
	}
	all.Wait()
	if in.Load() != 1000 {
		t.Errorf("%d were let in, want 1000", in.Load())
	}
}

func TestWhileRedisIsAwayNothingIsTakenAhead(t *testing.T) {
	w := newWorld(t)
	w.redis.SetError("LOADING it is not ready")
	if in := got(t, w.buckets(0.001, 500).Ahead(), "a", 700); in != 500 {
		t.Errorf("%d were let in, want 500", in)
	}
}

func TestAheadOfARateOfZeroBoundsNothing(t *testing.T) {
	if in := got(t, newWorld(t).buckets(0, 1).Ahead(), "a", 100); in != 100 {
		t.Errorf("%d of 100", in)
	}
}
