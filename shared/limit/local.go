package limit

import (
	"math"
	"sync"
	"time"
)

// most is how many buckets of one generation a process keeps: some megabytes.
const most = 50_000

// local are the buckets of one process. The younger generation has who came lately; when it is full, who is in the
// older alone is forgotten.
type local struct {
	mu             sync.Mutex
	rate           Rate
	younger, older map[string]bucket
}

type bucket struct {
	tokens float64
	at     time.Time
}

func newLocal(rate Rate) *local { return &local{rate: rate, younger: map[string]bucket{}} }

// take takes a token, or says in how long there will be one.
func (l *local) take(who string, now time.Time) (wait time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	b, there := l.younger[who]
	if !there {
		b, there = l.older[who]
	}
	if !there {
		b = bucket{tokens: float64(l.rate.Burst), at: now}
	}
	passed := max(0, now.Sub(b.at)) // a clock that went back takes nothing away
	b.tokens = math.Min(float64(l.rate.Burst), b.tokens+passed.Seconds()*l.rate.PerSecond)
	if b.at = now; b.tokens >= 1 {
		b.tokens--
	} else {
		wait = max(time.Millisecond, time.Duration((1-b.tokens)/l.rate.PerSecond*float64(time.Second)))
	}
	if len(l.younger) >= most {
		l.older, l.younger = l.younger, map[string]bucket{}
	}
	l.younger[who] = b
	return wait
}

// give gives a token back to who has taken one.
func (l *local) give(who string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if b, there := l.younger[who]; there {
		b.tokens = math.Min(float64(l.rate.Burst), b.tokens+1)
		l.younger[who] = b
	}
}
