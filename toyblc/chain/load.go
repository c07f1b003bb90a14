package chain

import (
	"fmt"

	"onex.io/onex/toyblc/block"
)

// load starts from what was stored; a node with nothing stores the genesis.
// Corrupt leaves the machine unusable.
func (m *Machine) load(in Loaded) {
	if len(in.Blocks) == 0 && !m.loaded {
		m.emit(Store{
			Add:  []Stored{{Block: m.genesis, Work: m.index.head().work}},
			Main: []block.Hash{m.genesis.Hash},
		})
		return
	}
	if !m.loaded {
		if err := m.loadRoot(in.Blocks[0], in.Checkpoints); err != nil {
			m.emit(Corrupt{Err: fmt.Errorf("load root: %w", err)})
			return
		}
		m.loaded, in.Blocks = true, in.Blocks[1:]
	}
	for _, s := range in.Blocks {
		if err := m.loadNext(s); err != nil {
			m.emit(Corrupt{Err: fmt.Errorf("load block \"%d\": %w", s.Block.Index, err)})
			return
		}
	}
	m.old = m.index.head()
}

// loadRoot takes the first block on trust, as far as its own proof goes.
func (m *Machine) loadRoot(s Stored, checkpoints []block.Hash) error {
	if s.Block.Index == 0 {
		if err := block.CheckGenesis(m.cfg.Params, s.Block); err != nil {
			return err
		}
	} else if err := block.CheckProof(s.Block); err != nil {
		return err
	}
	if int64(len(checkpoints)) <= s.Block.Index/CheckpointStep || checkpoints[0] != m.genesis.Hash {
		return fmt.Errorf("%d checkpoints do not lead from genesis to height %d", len(checkpoints), s.Block.Index)
	}
	m.index.replant(s, checkpoints)
	return nil
}

func (m *Machine) loadNext(s Stored) error {
	parent := m.index.head()
	if err := m.recheck(parent, s.Block); err != nil {
		return err
	}
	if work := parent.work.Plus(s.Block.Target); s.Work != work {
		return fmt.Errorf("work is %s, want %s", s.Work, work)
	}
	_, come := m.index.adopt(m.index.link(parent, s.Block))
	m.index.forgetItems(come)
	return nil
}

// recheck judges a stored block by all rules that do not need earlier blocks
// than were loaded.
func (m *Machine) recheck(parent *entry, b block.Block) error {
	if past, ok := m.index.window(parent); ok {
		return block.Recheck(m.cfg.Params, past, b)
	}
	if err := block.CheckLink(parent.mark, b.Header); err != nil {
		return err
	}
	return block.CheckProof(b)
}
