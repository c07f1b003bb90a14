package broker

// Owed is how many deliveries are not over yet.
func (b *Broker) Owed() int64 { return b.owed.Load() }
