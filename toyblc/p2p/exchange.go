package p2p

import (
	"context"
	"math/rand/v2"
	"net/netip"
	"net/url"
	"time"

	"github.com/coder/websocket"

	"onex.io/onex/toyblc/chain"
)

const (
	// tellEvery is how often a peer is told of others, and sooner than soonest it
	// must not tell us.
	tellEvery = time.Minute
	soonest   = time.Second
	// maxTold bounds the addresses that one message names.
	maxTold = 32
	// maxFound bounds the peers that are dialed because a peer told of them, and
	// tries how often one of them may be away before it is left alone for awayBan.
	maxFound = 8
	tries    = 3
	awayBan  = 10 * time.Minute
	// leastPort keeps a stranger from pointing us at a machine's own services.
	leastPort = 1024
)

// Listens says where peers reach this node, to tell them. It is called before the
// first connection.
func (h *Hub) Listens(at netip.AddrPort) { h.self = at }

// peers is what a connection's peer is told: some of the others at random.
func (h *Hub) peers(to *conn) chain.Peers {
	h.mu.Lock()
	defer h.mu.Unlock()
	out := chain.Peers{Self: h.self}
	if !out.Self.IsValid() {
		out.Self = netip.AddrPortFrom(netip.IPv6Unspecified(), 0)
	}
	for _, c := range h.conns { // in random order
		if c != to && c.at.IsValid() && len(out.Known) < maxTold {
			out.Known = append(out.Known, c.at)
		}
	}
	return out
}

// learn takes what a peer tells; false when it tells too much.
func (h *Hub) learn(from *conn, m chain.Peers) bool {
	now := time.Now()
	if len(m.Known) > maxTold || now.Sub(from.told) < soonest {
		return false
	}
	from.told = now
	remote, _ := netip.ParseAddrPort(from.addr)
	h.mu.Lock()
	if from.incoming && m.Self.Port() != 0 {
		from.at = m.Self
		if m.Self.Addr().IsUnspecified() {
			from.at = netip.AddrPortFrom(remote.Addr().Unmap(), m.Self.Port())
		}
	}
	h.mu.Unlock()
	known := m.Known
	rand.Shuffle(len(known), func(i, j int) { known[i], known[j] = known[j], known[i] })
	for _, at := range known {
		if h.wants(at) {
			h.dialTold(at)
		}
	}
	return true
}

// wants reports whether an address is worth dialing: one that can be a peer's, is
// not our own, is not connected, and there is room.
func (h *Hub) wants(at netip.AddrPort) bool {
	ip := at.Addr()
	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case !ip.IsGlobalUnicast() && !(ip.IsLoopback() && h.self.Addr().IsLoopback()):
		return false
	case at.Port() < leastPort, at == h.self, h.found >= maxFound:
		return false
	}
	for _, c := range h.conns {
		if c.at == at {
			return false
		}
	}
	return !h.bans.active((&url.URL{Scheme: "ws", Host: at.String()}).String(), time.Now())
}

// dialTold keeps a connection to a peer that was told of, until it is away for
// good. The count of them is given back then.
func (h *Hub) dialTold(at netip.AddrPort) {
	u := &url.URL{Scheme: "ws", Host: at.String()}
	h.count(1)
	begun, err := h.begin(u, func() {
		defer h.count(-1)
		h.try(h.done, u)
	})
	if !begun {
		h.count(-1)
	}
	if err != nil {
		h.opts.Log.Info("peer told of and not dialed", "peer", u.Host, "cause", err)
	}
}

func (h *Hub) count(n int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.found += n
}

// try is keep for somebody who need not exist. Who is away for good is not tried
// again for a while, whoever tells of it.
func (h *Hub) try(ctx context.Context, u *url.URL) {
	defer h.avoid(u)
	for away := 0; away < tries && h.banned(u) == 0; away++ {
		held, err := h.connect(u)
		if err != nil {
			h.opts.Log.Info("peer told of is away", "peer", u.Host, "cause", err)
		}
		if held > longWait {
			away = 0
		}
		if !h.rest(ctx, jitter(longWait)) {
			return
		}
	}
}

func (h *Hub) avoid(u *url.URL) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.bans.add(u.String(), time.Now(), awayBan)
}

// tell queues what a peer is to know of others, now and then again.
func (h *Hub) tell(ctx context.Context, c *conn) {
	again := time.NewTicker(h.opts.TellEvery)
	defer again.Stop()
	for {
		if !c.queue(outgoing{message: h.peers(c)}) {
			c.end(websocket.StatusTryAgainLater, "Slow: the queue to you is full")
		}
		select {
		case <-ctx.Done():
			return
		case <-again.C:
		}
	}
}
