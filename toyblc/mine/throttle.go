// Package mine searches nonces, spending only a given share of one CPU on it.
package mine

import "time"

// HashPart is how much of a node's share of CPU goes into hashing, at most. The
// rest is for what else a node does (verify, store, serve), so that a container
// whose limit is the share is not stopped for it, and a laptop stays usable.
const HashPart = 0.8

// throttle spends a share of one CPU: within each slice it is busy for
// share × slice and idle for the rest.
type throttle struct {
	share float64
	slice time.Duration
}

// budget is how long to work before the next pause.
func (t throttle) budget() time.Duration {
	return time.Duration(float64(t.slice) * t.share)
}

// pause is how long to rest after having been busy. It follows what was
// measured and not what was planned: whoever overran its budget rests longer.
func (t throttle) pause(busy time.Duration) time.Duration {
	if t.share >= 1 || busy <= 0 {
		return 0
	}
	return time.Duration(float64(busy) * (1 - t.share) / t.share)
}
