package limit

import (
	"math"
	"sync"
	"time"

	"onex.io/onex/shared/recent"
)

// most is how many buckets a process keeps at least, and half of how many at most: some megabytes.
const most = 50_000

// local are the buckets of one process, of who came lately.
type local struct {
	mu   sync.Mutex
	rate Rate
	kept recent.Map[string, bucket]
}

type bucket struct {
	tokens float64
	at     time.Time
}

func newLocal(rate Rate) *local {
	return &local{rate: rate, kept: recent.Map[string, bucket]{Most: most}}
}

// take takes a token, or says in how long there will be one.
func (l *local) take(who string, now time.Time) (wait time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	b, there := l.kept.Get(who)
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
	l.kept.Put(who, b)
	return wait
}

// give gives a token back to who has taken one.
func (l *local) give(who string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if b, there := l.kept.Get(who); there {
		b.tokens = math.Min(float64(l.rate.Burst), b.tokens+1)
		l.kept.Put(who, b)
	}
}
