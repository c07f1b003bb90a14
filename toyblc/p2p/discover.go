package p2p

import (
	"context"
	"math/rand/v2"
	"net"
	"net/url"
	"slices"
	"time"
)

const (
	// dnsScheme marks a name that stands for several peers, such as that of a
	// headless Service. What a ws:// URL names is one peer, however it is found.
	dnsScheme = "dns+ws"
	lookEvery = 10 * time.Second
	// perName bounds the peers that one name leads to, taken at random: a network
	// in which everybody has a handful of random links hangs together.
	perName = 8
)

// discover looks a name up again and again, dials what it finds, and stops
// dialing what is gone from the answer.
func (h *Hub) discover(ctx context.Context, u *url.URL) {
	dialed := map[string]context.CancelFunc{}
	for found := true; ; {
		addresses, err := h.opts.Lookup(ctx, u.Hostname())
		switch {
		case err == nil:
			h.follow(u, dialed, addresses)
		case found: // said once, until it changes
			h.opts.Log.Info("peers not found", "name", u.Hostname(), "cause", err)
		}
		found = err == nil
		if !h.rest(ctx, jitter(h.opts.LookEvery)) {
			break
		}
	}
	for _, forget := range dialed {
		forget()
	}
}

// follow brings what is dialed in line with an answer.
func (h *Hub) follow(u *url.URL, dialed map[string]context.CancelFunc, addresses []string) {
	for address, forget := range dialed {
		if !slices.Contains(addresses, address) {
			forget() // a connection that stands is used until it ends
			delete(dialed, address)
		}
	}
	addresses = slices.Clone(addresses)
	rand.Shuffle(len(addresses), func(i, j int) { addresses[i], addresses[j] = addresses[j], addresses[i] })
	for _, address := range addresses {
		if len(dialed) >= perName {
			return
		}
		if dialed[address] == nil {
			h.dialFound(u, dialed, address)
		}
	}
}

func (h *Hub) dialFound(u *url.URL, dialed map[string]context.CancelFunc, address string) {
	peer := &url.URL{Scheme: "ws", Host: net.JoinHostPort(address, u.Port())}
	ctx, forget := context.WithCancel(h.done)
	begun, err := h.begin(peer, func() { h.keep(ctx, peer) })
	switch {
	case begun:
		dialed[address] = forget
		return
	case err != nil:
		h.opts.Log.Warn("peer found and not dialed", "peer", peer.Host, "cause", err)
	}
	forget() // it is dialed already, or next time
}
