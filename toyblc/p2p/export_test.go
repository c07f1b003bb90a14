package p2p

import "net/netip"

// Wants reports whether an address that was told would be dialed.
func (h *Hub) Wants(at netip.AddrPort) bool { return h.wants(at) }

// Told is what a new peer would be told of others.
func (h *Hub) Told() []netip.AddrPort { return h.peers(nil).Known }
