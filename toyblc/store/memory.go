package store

import (
	"fmt"
	"slices"
	"sync"

	"onex.io/onex/toyblc/block"
	"onex.io/onex/toyblc/chain"
)

// Memory is a Store for nodes that need not survive, and for tests.
type Memory struct {
	mu      sync.RWMutex
	main    []chain.Stored
	heights map[block.Hash]int64
	side    map[block.Hash]chain.Stored
}

// NewMemory makes an empty one.
func NewMemory() *Memory {
	return &Memory{heights: map[block.Hash]int64{}, side: map[block.Hash]chain.Stored{}}
}

// Apply implements Store.
func (m *Memory) Apply(c chain.Store) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.check(c); err != nil {
		return err
	}
	for _, s := range c.Add {
		if _, known := m.heights[s.Block.Hash]; !known {
			m.side[s.Block.Hash] = s
		}
	}
	if len(c.Main) > 0 {
		m.follow(c)
	}
	for _, h := range c.Forget {
		delete(m.side, h)
	}
	return nil
}

// check refuses what could not be applied whole.
func (m *Memory) check(c chain.Store) error {
	if len(c.Main) > 0 && (c.From < 0 || c.From > int64(len(m.main))) {
		return fmt.Errorf("store main chain: height %d does not follow %d blocks", c.From, len(m.main))
	}
	for _, h := range c.Main {
		added := slices.ContainsFunc(c.Add, func(s chain.Stored) bool { return s.Block.Hash == h })
		if _, side := m.side[h]; !side && !added {
			return fmt.Errorf("store main chain: block %q is not there", h)
		}
	}
	return nil
}

func (m *Memory) follow(c chain.Store) {
	for _, s := range m.main[c.From:] {
		delete(m.heights, s.Block.Hash)
		m.side[s.Block.Hash] = s
	}
	m.main = m.main[:c.From]
	for _, h := range c.Main {
		m.heights[h] = int64(len(m.main))
		m.main = append(m.main, m.side[h])
		delete(m.side, h)
	}
}

// Range implements Store.
func (m *Memory) Range(from int64, limit int) ([]chain.Stored, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	var out []chain.Stored
	size := 0
	for h := max(from, 0); h < int64(len(m.main)) && len(out) < limit && size < RangeBytes; h++ {
		out = append(out, m.main[h])
		size += len(m.main[h].Block.Data)
	}
	return out, nil
}

// Find implements Store.
func (m *Memory) Find(h block.Hash) (int64, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	if height, ok := m.heights[h]; ok {
		return height, nil
	}
	return -1, nil
}

// Height implements Store.
func (m *Memory) Height() (int64, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return int64(len(m.main)) - 1, nil
}
