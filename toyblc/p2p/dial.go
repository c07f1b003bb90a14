package p2p

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"net/url"
	"time"

	"github.com/coder/websocket"
)

const (
	firstWait = 250 * time.Millisecond
	longWait  = 10 * time.Second
	dialLimit = 10 * time.Second
	// maxDialed bounds the peers that can be asked for.
	maxDialed = 64
)

// Dial connects to a ws:// or wss:// URL, and again whenever the connection
// ends, until the hub is closed. A dns+ws:// URL stands for every address that
// its name has. Asking twice is asking once.
func (h *Hub) Dial(address string) error {
	u, err := url.Parse(address)
	if err != nil {
		return fmt.Errorf("peer %q: %w", address, err)
	}
	run := h.keep
	switch {
	case u.Host == "" || u.User != nil:
		return fmt.Errorf("peer %q: not of the form ws://host:port", address)
	case u.Scheme == dnsScheme && u.Port() != "":
		run = h.discover
	case u.Scheme != "ws" && u.Scheme != "wss":
		return fmt.Errorf("peer %q: not of the form ws://host:port or %s://name:port", address, dnsScheme)
	}
	_, err = h.begin(u, func() { run(h.done, u) })
	return err
}

// begin runs what looks after one URL; false when it is looked after already.
func (h *Hub) begin(u *url.URL, run func()) (begun bool, err error) {
	key := u.String()
	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case h.closed || h.dialing[key]:
		return false, nil
	case len(h.dialing) >= maxDialed:
		return false, fmt.Errorf("peer %q: %d peers are dialed already", key, maxDialed)
	}
	h.dialing[key] = true
	h.wg.Go(func() {
		run()
		h.mu.Lock()
		defer h.mu.Unlock()
		delete(h.dialing, key)
	})
	return true, nil
}

// keep dials until ctx ends. The wait between two attempts doubles up to longWait
// and is shortened at random, so that the miners of a chain do not all come back
// at the same moment when its first node does.
func (h *Hub) keep(ctx context.Context, u *url.URL) {
	for wait := firstWait; ; wait = min(2*wait, longWait) {
		held, err := h.connect(u)
		if err != nil {
			h.opts.Log.Info("peer away", "peer", u.Host, "cause", err)
		}
		if held > longWait {
			wait = firstWait
		}
		if !h.rest(ctx, max(jitter(wait), h.banned(u))) {
			return
		}
	}
}

// jitter is somewhere between half of d and d.
func jitter(d time.Duration) time.Duration { return d/2 + rand.N(d/2) }

func (h *Hub) banned(u *url.URL) time.Duration {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.bans.left(u.String(), time.Now())
}

// rest waits; false when ctx ends or the hub is closed.
func (h *Hub) rest(ctx context.Context, wait time.Duration) bool {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-h.closing:
	case <-timer.C:
		return true
	}
	return false
}

// connect holds one connection and returns how long it stood.
func (h *Hub) connect(u *url.URL) (time.Duration, error) {
	ctx, cancel := context.WithTimeout(h.done, dialLimit)
	ws, _, err := websocket.Dial(ctx, u.String(), &websocket.DialOptions{HTTPClient: h.opts.Client})
	cancel()
	if err != nil {
		return 0, err
	}
	start := time.Now()
	at, _ := netip.ParseAddrPort(u.Host) // zero for a name
	h.hold(&conn{ws: ws, addr: u.Host, url: u.String(), at: at})
	return time.Since(start), nil
}
