package token

import (
	"crypto/sha256"
	"sync"
)

// mostSeen is how many a half of what was seen holds. Both together are some megabytes.
const mostSeen = 4096

// digest stands for a token that was verified: neither a dump of the memory nor the time that a look takes tells it.
type digest [sha256.Size]byte

func digestOf(text string) digest { return sha256.Sum256([]byte(text)) }

// seen is what was found out before. It holds the last mostSeen at least, twice that at most: when the young half is
// full, the old one goes. The zero value is ready for use, by many at once.
type seen[K comparable, V any] struct {
	mu         sync.Mutex
	young, old map[K]V
}

func (s *seen[K, V]) get(key K) (V, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	v, ok := s.young[key]
	if ok {
		return v, true
	}
	if v, ok = s.old[key]; ok {
		s.keep(key, v)
	}
	return v, ok
}

func (s *seen[K, V]) put(key K, v V) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.keep(key, v)
}

func (s *seen[K, V]) keep(key K, v V) {
	if s.young == nil || len(s.young) >= mostSeen {
		s.young, s.old = make(map[K]V), s.young
	}
	s.young[key] = v
}
