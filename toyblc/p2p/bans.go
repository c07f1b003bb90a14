package p2p

import "time"

// maxBans bounds the memory of bad company; beyond it the ban that ends first
// is forgotten.
const maxBans = 1024

// bans says until when whom is refused.
type bans map[string]time.Time

func (b bans) add(key string, now time.Time, d time.Duration) {
	if len(b) >= maxBans {
		b.makeRoom(now)
	}
	if until := now.Add(d); until.After(b[key]) {
		b[key] = until
	}
}

func (b bans) active(key string, now time.Time) bool { return b[key].After(now) }

func (b bans) left(key string, now time.Time) time.Duration { return max(0, b[key].Sub(now)) }

func (b bans) makeRoom(now time.Time) {
	soonest := ""
	for key, until := range b {
		if !until.After(now) {
			delete(b, key)
		} else if soonest == "" || until.Before(b[soonest]) {
			soonest = key
		}
	}
	if len(b) >= maxBans {
		delete(b, soonest)
	}
}
