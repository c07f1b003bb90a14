package limit

import (
	"context"
	"sync"

	"onex.io/onex/shared/recent"
)

// Of a bucket's burst, a process takes at most a hundredth ahead, and never more than maxAhead.
const (
	shareAhead = 100
	maxAhead   = 50
)

// Ahead takes tokens for somebody some at a time, so that of many requests one makes the trip to Redis. What has been
// taken is spent here, however late: nobody gets more than the bucket gave. It is for where few processes ask for
// all, as the gateway does; a nil one bounds nothing.
type Ahead struct {
	buckets *Buckets
	some    int

	mu   sync.Mutex
	kept recent.Map[string, int]
}

// Ahead takes from the buckets some tokens at a time.
func (b *Buckets) Ahead() *Ahead {
	if b == nil {
		return nil
	}
	return &Ahead{buckets: b, some: max(1, min(b.rate.Burst/shareAhead, maxAhead)), kept: recent.Map[string, int]{Most: most}}
}

// Take asks for a token and refuses who finds none.
func (a *Ahead) Take(ctx context.Context, who string) error {
	if a == nil || who == "" || a.spend(who) {
		return nil
	}
	taken, err := a.buckets.take(ctx, who, a.some)
	if taken > 1 {
		a.keep(who, taken-1)
	}
	return err
}

// spend takes a token of those that are kept, if there is one.
func (a *Ahead) spend(who string) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	tokens, _ := a.kept.Get(who)
	switch tokens {
	case 0:
		return false
	case 1:
		a.kept.Delete(who)
	default:
		a.kept.Put(who, tokens-1)
	}
	return true
}

func (a *Ahead) keep(who string, tokens int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	before, _ := a.kept.Get(who)
	a.kept.Put(who, before+tokens)
}
