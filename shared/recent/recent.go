// Package recent keeps what was used lately and forgets the rest, so that a process does not grow by whoever comes once.
package recent

// Map holds the last Most of its keys that were put or got at least, twice that at most: when the young half is full,
// the old one goes. Whoever shares one holds a lock.
type Map[K comparable, V any] struct {
	Most       int
	young, old map[K]V
}

// Get finds a value, which counts as used now.
func (m *Map[K, V]) Get(key K) (V, bool) {
	v, ok := m.young[key]
	if ok {
		return v, true
	}
	if v, ok = m.old[key]; ok {
		m.Put(key, v)
	}
	return v, ok
}

// Put keeps a value in the place of the one before.
func (m *Map[K, V]) Put(key K, v V) {
	if m.young == nil || len(m.young) >= m.Most {
		m.young, m.old = make(map[K]V), m.young
	}
	m.young[key] = v
}

// Delete forgets a key.
func (m *Map[K, V]) Delete(key K) {
	delete(m.young, key)
	delete(m.old, key)
}

// Len is how many values are held; one that was used again may count twice.
func (m *Map[K, V]) Len() int { return len(m.young) + len(m.old) }
