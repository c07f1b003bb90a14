package p2p

import (
	"context"
	"fmt"
	"math/rand/v2"
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
// ends, until the hub is closed. Asking twice is asking once.
func (h *Hub) Dial(address string) error {
	u, err := url.Parse(address)
	if err != nil {
		return fmt.Errorf("peer %q: %w", address, err)
	}
	if u.Scheme != "ws" && u.Scheme != "wss" || u.Host == "" || u.User != nil {
		return fmt.Errorf("peer %q: not of the form ws://host:port", address)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case h.closed || h.dialing[u.String()]:
		return nil
	case len(h.dialing) >= maxDialed:
		return fmt.Errorf("peer %q: %d peers are dialed already", address, maxDialed)
	}
	h.dialing[u.String()] = true
	h.wg.Add(1)
	go h.keep(u)
	return nil
}

// keep dials for ever. The wait between two attempts doubles up to longWait and
// is shortened at random, so that the miners of a chain do not all come back
// at the same moment when its first node does.
func (h *Hub) keep(u *url.URL) {
	defer h.wg.Done()
	for wait := firstWait; ; wait = min(2*wait, longWait) {
		held, err := h.connect(u)
		if err != nil {
			h.opts.Log.Info("peer away", "peer", u.Host, "cause", err)
		}
		if held > longWait {
			wait = firstWait
		}
		if !h.rest(u, wait) {
			return
		}
	}
}

// rest waits a part of wait, or out a ban; false when the hub is closed.
func (h *Hub) rest(u *url.URL, wait time.Duration) bool {
	h.mu.Lock()
	wait = max(wait/2+rand.N(wait/2), h.bans.left(u.String(), time.Now()))
	closed := h.closed
	h.mu.Unlock()
	if closed {
		return false
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-h.done.Done():
		return false
	case <-timer.C:
		return true
	}
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
	h.hold(&conn{ws: ws, addr: u.Host, url: u.String()})
	return time.Since(start), nil
}
