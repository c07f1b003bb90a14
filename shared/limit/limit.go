// Package limit bounds how often somebody may ask: one token bucket for each, in Redis, where all processes share it.
// While Redis is away each process has buckets of its own: never open, never closed.
package limit

import (
	"context"
	_ "embed"
	"math"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"

	"onex.io/onex/shared/fault"
)

// Rate is how often somebody may ask: PerSecond in the long run, and Burst at once after a pause. A rate of 0 bounds
// nothing.
type Rate struct {
	PerSecond float64
	Burst     int
}

// Buckets are the token buckets of one kind of somebody. They are safe for concurrent use; nil ones bound nothing.
type Buckets struct {
	cache *redis.Client
	kind  string
	rate  Rate
	now   func() time.Time
	local *local
	// asleep is when Redis is asked again, in nanoseconds of the clock.
	asleep atomic.Int64
}

// script takes tokens, at once for all who ask at the same time.
//
//go:embed bucket.lua
var script string

// pause is how long Redis is left alone after it did not answer: whoever asks it meanwhile would wait for nothing.
const pause = 2 * time.Second

// New makes the buckets of a kind; nil for a rate that bounds nothing.
func New(cache *redis.Client, kind string, rate Rate, now func() time.Time) *Buckets {
	if rate.PerSecond <= 0 {
		return nil
	}
	return &Buckets{cache: cache, kind: kind, rate: rate, now: now, local: newLocal(rate)}
}

// Asked is a token that was asked for in a pipeline.
type Asked struct {
	who   string
	reply *redis.Cmd // nil when Redis is not asked
}

// Ask asks for a token in a pipeline, beside what else the pipeline asks. Of nobody there is no bucket.
func (b *Buckets) Ask(ctx context.Context, pipe redis.Pipeliner, who string) *Asked {
	return b.ask(ctx, pipe, who, 1)
}

// ask asks for some tokens, or as many of them as there are.
func (b *Buckets) ask(ctx context.Context, pipe redis.Pipeliner, who string, some int) *Asked {
	if b == nil || who == "" {
		return nil
	}
	a := &Asked{who: who}
	if b.awake() {
		rate := strconv.FormatFloat(b.rate.PerSecond, 'f', -1, 64)
		a.reply = pipe.Eval(ctx, script, []string{b.key(who)}, rate, b.rate.Burst, some)
	}
	return a
}

// Settle refuses who found no token; the pipeline has been asked by now. What Redis did not answer, this process does.
func (b *Buckets) Settle(ctx context.Context, a *Asked) error {
	_, err := b.settle(ctx, a)
	return err
}

// settle tells how many tokens were found.
func (b *Buckets) settle(ctx context.Context, a *Asked) (taken int, err error) {
	if b == nil || a == nil {
		return 0, nil
	}
	if a.reply != nil {
		answer, err := a.reply.Int()
		if err == nil {
			b.asleep.Store(0)
			return max(0, -answer), refused(time.Duration(answer) * time.Millisecond)
		}
		if ctx.Err() == nil { // else it is the caller who did not wait
			b.asleep.Store(b.now().Add(pause).UnixNano())
		}
	}
	return 1, refused(b.local.take(a.who, b.now()))
}

// giveBack fills a bucket by one; one that has been forgotten is full anyway.
const giveBack = `if redis.call('EXISTS', KEYS[1]) == 1 then redis.call('HINCRBYFLOAT', KEYS[1], 'tokens', 1) end`

// Return gives a token back that was taken for somebody who has not asked after all. It is as good as it can be done.
func (b *Buckets) Return(ctx context.Context, a *Asked) {
	switch {
	case b == nil || a == nil:
	case a.reply != nil && a.reply.Err() == nil:
		b.cache.Eval(ctx, giveBack, []string{b.key(a.who)})
	default:
		b.local.give(a.who)
	}
}

func (b *Buckets) key(who string) string { return "limit/" + b.kind + "/" + who }

// Take asks for a token and refuses who finds none.
func (b *Buckets) Take(ctx context.Context, who string) error {
	_, err := b.take(ctx, who, 1)
	return err
}

func (b *Buckets) take(ctx context.Context, who string, some int) (taken int, err error) {
	if b == nil || who == "" {
		return 0, nil
	}
	pipe := b.cache.Pipeline()
	a := b.ask(ctx, pipe, who, some)
	if a.reply != nil {
		_, _ = pipe.Exec(ctx) // the reply has its error
	}
	return b.settle(ctx, a)
}

// awake says whether to ask Redis. Of those who come when its pause is over, one finds out.
func (b *Buckets) awake() bool {
	until := b.asleep.Load()
	if until == 0 {
		return true
	}
	now := b.now()
	return now.UnixNano() >= until && b.asleep.CompareAndSwap(until, now.Add(pause).UnixNano())
}

// Reason is the reason of who asks too often.
const Reason = "TooManyRequests"

// refused says when to come back; nil when there is nothing to wait for.
func refused(wait time.Duration) error {
	if wait <= 0 {
		return nil
	}
	e := fault.New(fault.Busy, Reason, "you ask too often: wait and ask again")
	e.Metadata = map[string]string{fault.RetryAfter: strconv.Itoa(int(math.Ceil(wait.Seconds())))}
	return e
}
