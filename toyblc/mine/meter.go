package mine

import (
	"math"
	"sync"
	"time"
)

// meter tells hashes per second, smoothed over some ten seconds.
type meter struct {
	mu    sync.Mutex
	total uint64
	rate  float64
	since time.Time
	count uint64
}

const (
	meterStep   = time.Second
	meterMemory = 10 * time.Second
)

// add counts hashes at a moment.
func (m *meter) add(now time.Time, n uint64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.total += n
	m.count += n
	m.roll(now)
}

// read returns the rate now and the hashes ever.
func (m *meter) read(now time.Time) (rate float64, total uint64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.roll(now)
	return m.rate, m.total
}

func (m *meter) roll(now time.Time) {
	if m.since.IsZero() {
		m.since = now
		return
	}
	passed := now.Sub(m.since)
	if passed < meterStep {
		return
	}
	latest := float64(m.count) / passed.Seconds()
	weight := 1 - math.Exp(-passed.Seconds()/meterMemory.Seconds())
	if m.rate == 0 {
		weight = 1
	}
	m.rate += weight * (latest - m.rate)
	m.since, m.count = now, 0
}
