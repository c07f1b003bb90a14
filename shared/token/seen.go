package token

import (
	"crypto/sha256"
	"sync"

	"onex.io/onex/shared/recent"
)

// mostSeen is how many a half of what was seen holds. Both together are some megabytes.
const mostSeen = 4096

// digest stands for a token that was verified: neither a dump of the memory nor the time that a look takes tells it.
type digest [sha256.Size]byte

func digestOf(text string) digest { return sha256.Sum256([]byte(text)) }

// seen is what was found out before, lately. It is safe for concurrent use.
type seen[K comparable, V any] struct {
	mu   sync.Mutex
	kept recent.Map[K, V]
}

func newSeen[K comparable, V any]() *seen[K, V] {
	return &seen[K, V]{kept: recent.Map[K, V]{Most: mostSeen}}
}

func (s *seen[K, V]) get(key K) (V, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.kept.Get(key)
}

func (s *seen[K, V]) put(key K, v V) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.kept.Put(key, v)
}
