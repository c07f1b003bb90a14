package p2p

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/coder/websocket"

	"onex.io/onex/toyblc/chain"
)

// Options describe a hub.
type Options struct {
	// Deliver hands an input to the node's loop. It may wait, which slows the
	// peer down, and must return when ctx ends.
	Deliver func(ctx context.Context, in chain.Input)
	// MaxIncoming bounds the connections that others opened; 0 means 256.
	MaxIncoming int
	// Lookup finds the addresses of a name; nil means the system's way.
	Lookup func(ctx context.Context, name string) ([]string, error)
	// LookEvery is how long an answer of Lookup is believed; 0 means 10 s.
	LookEvery time.Duration
	// TellEvery is how often peers are told of each other; 0 means a minute.
	TellEvery time.Duration
	// Client dials; nil means one that honors the proxy environment.
	Client *http.Client
	// Log is where connections come and go.
	Log *slog.Logger
}

// Hub holds a node's connections. Its methods may be called from anywhere.
type Hub struct {
	opts Options
	done context.Context
	stop context.CancelFunc
	wg   sync.WaitGroup
	// closing ends what waits to dial again; connections end with done.
	closing chan struct{}
	self    netip.AddrPort // where peers reach us; zero when not said

	mu      sync.Mutex
	closed  bool
	last    chain.PeerID
	conns   map[chain.PeerID]*conn
	dialing map[string]bool
	found   int // peers that are dialed because others told of them
	bans    bans
	turns   chan struct{}
	large   chan struct{}
}

// New makes a hub without connections.
func New(o Options) *Hub {
	if o.MaxIncoming <= 0 {
		o.MaxIncoming = 256
	}
	if o.Lookup == nil {
		o.Lookup = net.DefaultResolver.LookupHost
	}
	if o.LookEvery <= 0 {
		o.LookEvery = lookEvery
	}
	if o.TellEvery <= 0 {
		o.TellEvery = tellEvery
	}
	if o.Client == nil {
		transport := http.DefaultTransport.(*http.Transport).Clone()
		transport.Proxy = http.ProxyFromEnvironment
		o.Client = &http.Client{Transport: transport}
	}
	h := &Hub{opts: o, conns: map[chain.PeerID]*conn{}, dialing: map[string]bool{}, bans: bans{}, closing: make(chan struct{}),
		turns: make(chan struct{}, maxAnswers), large: make(chan struct{}, maxLarge)}
	h.done, h.stop = context.WithCancel(context.Background())
	return h
}

// ServeHTTP takes a peer's connection, whatever the path.
func (h *Hub) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	host := hostOf(r.RemoteAddr)
	if why, status := h.refusal(host); status != 0 {
		http.Error(w, why, status)
		return
	}
	ws, err := websocket.Accept(w, r, nil)
	if err != nil {
		return // Accept has answered
	}
	h.hold(&conn{ws: ws, addr: r.RemoteAddr, incoming: true})
}

// refusal says why a host may not connect now.
func (h *Hub) refusal(host string) (why string, status int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.bans.active(host, time.Now()) {
		return "banned for a while", http.StatusForbidden
	}
	incoming := 0
	for _, c := range h.conns {
		if c.incoming {
			incoming++
		}
	}
	if incoming >= h.opts.MaxIncoming {
		return "too many peers", http.StatusServiceUnavailable
	}
	return "", 0
}

// hold runs a connection until it ends.
func (h *Hub) hold(c *conn) {
	ctx, cancel := context.WithCancel(h.done)
	c.cancel = cancel
	if !h.register(c) {
		c.end(websocket.StatusGoingAway, "shutting down")
		return
	}
	h.opts.Log.Info("peer connected", "peer", c.addr, "id", c.id)
	h.opts.Deliver(h.done, chain.PeerUp{Peer: c.id})
	h.wg.Go(func() { h.tell(ctx, c) })
	err := c.run(ctx, func(m chain.Message) { h.hear(c, m) })
	h.forget(c)
	h.opts.Log.Info("peer gone", "peer", c.addr, "id", c.id, "cause", err)
	h.opts.Deliver(h.done, chain.PeerDown{Peer: c.id})
	h.wg.Done()
}

// hear passes a message on, unless it is about connections.
func (h *Hub) hear(c *conn, m chain.Message) {
	told, ok := m.(chain.Peers)
	switch {
	case !ok:
		h.opts.Deliver(h.done, chain.Received{Peer: c.id, Message: m})
	case !h.learn(c, told):
		c.end(websocket.StatusPolicyViolation, "Flood: more addresses than anybody needs")
	}
}

func (h *Hub) register(c *conn) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return false
	}
	h.wg.Add(1)
	h.last++
	c.id, c.out, c.turns, c.large, c.since = h.last, make(chan outgoing, outQueue), h.turns, h.large, time.Now()
	h.conns[c.id] = c
	return true
}

func (h *Hub) forget(c *conn) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.conns, c.id)
}

func (h *Hub) conn(id chain.PeerID) *conn {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.conns[id]
}

// Send queues a message; it never waits. A peer that lets its queue fill is
// closed, and catches up when it comes back.
func (h *Hub) Send(id chain.PeerID, m chain.Message) { h.queue(id, outgoing{message: m}) }

// Answer queues the answer to a question; it never waits. The answer is made when its
// turn comes, by a goroutine of the peer's; an error closes the connection.
func (h *Hub) Answer(id chain.PeerID, answer func() (chain.Message, error)) {
	h.queue(id, outgoing{answer: answer})
}

func (h *Hub) queue(id chain.PeerID, o outgoing) {
	if c := h.conn(id); c != nil && !c.queue(o) {
		c.end(websocket.StatusTryAgainLater, "Slow: the queue to you is full")
	}
}

// Drop closes a connection with a reason that the peer can read, and refuses
// its host for the ban.
func (h *Hub) Drop(d chain.Drop) {
	c := h.conn(d.Peer)
	if c == nil {
		return
	}
	h.opts.Log.Warn("peer dropped", "peer", c.addr, "id", c.id, "reason", d.Reason, "detail", d.Detail, "ban", d.Ban)
	h.ban(c, d.Ban)
	c.end(websocket.StatusPolicyViolation, string(d.Reason)+": "+d.Detail)
}

// ban refuses a dropped peer for a while, unless others come from the same host:
// behind a proxy or an address translation they would pay for it.
func (h *Hub) ban(c *conn, d time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, other := range h.conns {
		if other != c && other.banKey() == c.banKey() {
			return
		}
	}
	if d > 0 {
		h.bans.add(c.banKey(), time.Now(), d)
	}
}

// Addresses lists the peers: those dialed as host:port, others by where they
// come from.
func (h *Hub) Addresses() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	out := make([]string, 0, len(h.conns))
	for _, c := range h.conns {
		out = append(out, c.addr)
	}
	slices.Sort(out)
	return out
}

// Close tells the peers good-bye, and is done within about a second.
func (h *Hub) Close() {
	h.mu.Lock()
	if !h.closed {
		h.closed = true
		close(h.closing)
	}
	for _, c := range h.conns {
		c.end(websocket.StatusGoingAway, "shutting down")
	}
	h.mu.Unlock()
	gone := make(chan struct{})
	go func() { h.wg.Wait(); close(gone) }()
	select {
	case <-gone:
	case <-time.After(500 * time.Millisecond):
	}
	h.stop()
	<-gone
}
