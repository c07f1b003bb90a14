package p2p_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"testing"
	"time"

	"onex.io/onex/toyblc/chain"
	"onex.io/onex/toyblc/p2p"
)

// book is a name service.
type book struct {
	mu        sync.Mutex
	addresses []string
	err       error
	asked     int
}

func (b *book) lookup(_ context.Context, name string) ([]string, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.asked++
	if name != "peers.example" {
		return nil, errors.New("no such name")
	}
	return b.addresses, b.err
}

func (b *book) set(err error, addresses ...string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.err, b.addresses = err, addresses
}

func (b *book) lookups() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.asked
}

// listenAt serves an end on another address of this machine.
func listenAt(t *testing.T, e *end, address string) string {
	t.Helper()
	l, err := net.Listen("tcp", address)
	if err != nil {
		t.Skipf("this machine has no %s: %v", address, err)
	}
	server := httptest.NewUnstartedServer(e.hub)
	server.Listener.Close()
	server.Listener = l
	server.Start()
	t.Cleanup(server.Close)
	_, port, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	return port
}

func discovering(t *testing.T, b *book) *end {
	t.Helper()
	return newEnd(t, p2p.Options{Lookup: b.lookup, LookEvery: 2 * time.Millisecond})
}

func portOf(t *testing.T, e *end) string {
	t.Helper()
	u, err := url.Parse(e.url)
	if err != nil {
		t.Fatal(err)
	}
	return u.Port()
}

func TestAllAddressesOfANameAreDialed(t *testing.T) {
	one, two := newEnd(t, p2p.Options{}), newEnd(t, p2p.Options{})
	port := portOf(t, one)
	listenAt(t, two, "127.0.0.2:"+port)
	names := &book{}
	a := discovering(t, names)
	if err := a.hub.Dial("dns+ws://peers.example:" + port); err != nil {
		t.Fatal(err)
	}
	names.set(nil, "127.0.0.1")
	next[chain.PeerUp](t, one)
	names.set(nil, "127.0.0.2", "127.0.0.1")
	next[chain.PeerUp](t, two)
	next[chain.PeerUp](t, a)
	next[chain.PeerUp](t, a)
	if got := a.hub.Addresses(); len(got) != 2 {
		t.Fatalf("peers are %v, want one for each address", got)
	}
}

// The pod behind an address is gone for good: nobody dials it any more.
func TestAnAddressThatIsGoneFromTheNameIsDialedNoMore(t *testing.T) {
	names := &book{}
	a := discovering(t, names)
	dials := make(chan struct{}, 100)
	gone := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		dials <- struct{}{}
		w.WriteHeader(http.StatusNotFound)
	}))
	t.Cleanup(gone.Close)
	u, err := url.Parse(gone.URL)
	if err != nil {
		t.Fatal(err)
	}
	names.set(nil, "127.0.0.1")
	if err := a.hub.Dial("dns+ws://peers.example:" + u.Port()); err != nil {
		t.Fatal(err)
	}
	<-dials
	names.set(errors.New("the name service is away")) // which says nothing about the peers
	<-dials
	names.set(nil)
	for seen := names.lookups(); names.lookups() < seen+3; time.Sleep(time.Millisecond) {
	}
	for len(dials) > 0 {
		<-dials
	}
	select {
	case <-dials:
		t.Fatal("an address that nobody has any more is dialed")
	case <-time.After(time.Second): // the wait between two dials was half of that
	}
}

func TestANameLeadsToAHandfulOfPeers(t *testing.T) {
	names := &book{}
	a := discovering(t, names)
	port := "0"
	var addresses []string
	for i := range 40 {
		b := newEnd(t, p2p.Options{})
		address := net.IPv4(127, 0, 1, byte(i+1)).String()
		port = listenAt(t, b, address+":"+port)
		addresses = append(addresses, address)
	}
	names.set(nil, addresses...)
	if err := a.hub.Dial("dns+ws://peers.example:" + port); err != nil {
		t.Fatal(err)
	}
	for range 8 {
		next[chain.PeerUp](t, a)
	}
	for seen := names.lookups(); names.lookups() < seen+3; time.Sleep(time.Millisecond) {
	}
	if got := a.hub.Addresses(); len(got) != 8 {
		t.Fatalf("%d peers, want 8 of the 40", len(got))
	}
}
