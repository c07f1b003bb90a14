package chain

// Held is what a machine holds in memory: blocks that it remembers, and among them
// those whose data is still to come.
func (m *Machine) Held() (entries, ahead int) { return len(m.index.entries), m.index.ahead }
