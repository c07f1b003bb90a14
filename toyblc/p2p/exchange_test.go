package p2p_test

import (
	"errors"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"onex.io/onex/toyblc/chain"
	"onex.io/onex/toyblc/p2p"
)

// listens lets an end tell its peers where it is.
func (e *end) listens(t *testing.T) netip.AddrPort {
	t.Helper()
	at, err := netip.ParseAddrPort(strings.TrimPrefix(e.url, "ws://"))
	if err != nil {
		t.Fatal(err)
	}
	e.hub.Listens(at)
	return at
}

func TestPeersOfOneNodeFindEachOther(t *testing.T) {
	a, b, c := newEnd(t, p2p.Options{}), newEnd(t, p2p.Options{}), newEnd(t, p2p.Options{})
	for _, e := range []*end{a, b, c} {
		e.listens(t)
	}
	if err := a.hub.Dial(b.url); err != nil {
		t.Fatal(err)
	}
	next[chain.PeerUp](t, b)
	eventually(t, "b knows where a listens", func() bool { return len(b.hub.Told()) == 1 })
	if err := c.hub.Dial(b.url); err != nil {
		t.Fatal(err)
	}
	next[chain.PeerUp](t, a) // b
	next[chain.PeerUp](t, a) // c, which was told by b
	next[chain.PeerUp](t, c)
	next[chain.PeerUp](t, c)
}

func TestWhoTellsOfTooManyIsClosed(t *testing.T) {
	here := netip.MustParseAddrPort("10.0.0.1:6001")
	for _, r := range []struct {
		name     string
		messages []chain.Peers
	}{
		{"too many at once", []chain.Peers{{Self: here, Known: make([]netip.AddrPort, 33)}}},
		{"too often", []chain.Peers{{Self: here}, {Self: here}}},
	} {
		t.Run(r.name, func(t *testing.T) {
			b := newEnd(t, p2p.Options{})
			ws := dial(t, b.url)
			for _, m := range r.messages {
				if err := ws.Write(t.Context(), websocket.MessageBinary, p2p.Encode(m)); err != nil {
					t.Fatal(err)
				}
			}
			_, err := readNext(t, ws)
			var closed websocket.CloseError
			if !errors.As(err, &closed) || closed.Code != websocket.StatusPolicyViolation || !strings.HasPrefix(closed.Reason, "Flood") {
				t.Fatalf("read: %v, want a close frame that says Flood", err)
			}
			next[chain.PeerDown](t, b)
		})
	}
}

func TestOnlyWhatCanBeAPeerIsDialed(t *testing.T) {
	self := netip.MustParseAddrPort("127.0.0.1:6001")
	loopback, public := p2p.New(p2p.Options{}), p2p.New(p2p.Options{})
	t.Cleanup(loopback.Close)
	t.Cleanup(public.Close)
	loopback.Listens(self)
	public.Listens(netip.MustParseAddrPort("10.0.0.1:6001"))
	for _, r := range []struct {
		name, at string
		hub      *p2p.Hub
		want     bool
	}{
		{"a host", "10.0.0.2:6001", public, true},
		{"a host by IPv6", "[fd00::2]:6001", public, true},
		{"itself", "10.0.0.1:6001", public, false},
		{"a service of the machine's own", "127.0.0.1:38080", public, false},
		{"a neighbor on one machine", "127.0.0.2:6001", loopback, true},
		{"a port of the system", "10.0.0.2:443", public, false},
		{"no port", "10.0.0.2:0", public, false},
		{"nowhere", "0.0.0.0:6001", public, false},
		{"everybody", "224.0.0.1:6001", public, false},
		{"the metadata of a cloud", "169.254.169.254:8080", public, false},
	} {
		if got := r.hub.Wants(netip.MustParseAddrPort(r.at)); got != r.want {
			t.Errorf("%s: dialed %t, want %t", r.name, got, r.want)
		}
	}
}

func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); !holds(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("in vain: %s", what)
		}
	}
}
