package p2p_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"onex.io/onex/toyblc/block"
	"onex.io/onex/toyblc/chain"
	"onex.io/onex/toyblc/p2p"
)

// end is a hub behind a real server, with the inputs that it delivered.
type end struct {
	hub *p2p.Hub
	in  chan chain.Input
	url string
}

func newEnd(t *testing.T, o p2p.Options) *end {
	t.Helper()
	e := &end{in: make(chan chain.Input, 1000)}
	o.Deliver = func(ctx context.Context, in chain.Input) {
		select {
		case e.in <- in:
		case <-ctx.Done():
		}
	}
	o.Log = slog.New(slog.NewTextHandler(testWriter{t}, nil))
	e.hub = p2p.New(o)
	server := httptest.NewServer(e.hub)
	e.url = "ws" + strings.TrimPrefix(server.URL, "http")
	t.Cleanup(func() { e.hub.Close(); server.Close() })
	return e
}

// large is an answer of so many full blocks.
func large(blocks int) chain.Bodies {
	return chain.Bodies{Data: slices.Repeat([]string{strings.Repeat("x", block.MaxData)}, blocks)}
}

// readNext is the next frame but those about peers, which come when they like.
func readNext(t *testing.T, ws *websocket.Conn) ([]byte, error) {
	t.Helper()
	for {
		_, raw, err := ws.Read(t.Context())
		if err != nil {
			return nil, err
		}
		if m, err := p2p.Decode(raw); err == nil {
			if _, ok := m.(chain.Peers); ok {
				continue
			}
		}
		return raw, nil
	}
}

type testWriter struct{ t *testing.T }

func (w testWriter) Write(p []byte) (int, error) {
	w.t.Log(string(bytes.TrimSpace(p)))
	return len(p), nil
}

// next waits for an input of one type, passing over others.
func next[I chain.Input](t *testing.T, e *end) I {
	t.Helper()
	deadline := time.After(10 * time.Second)
	for {
		select {
		case in := <-e.in:
			if in, ok := in.(I); ok {
				return in
			}
		case <-deadline:
			var want I
			t.Fatalf("no %T came", want)
		}
	}
}

func TestTwoHubsTalk(t *testing.T) {
	a, b := newEnd(t, p2p.Options{}), newEnd(t, p2p.Options{})
	for range 2 { // asking twice is asking once
		if err := a.hub.Dial(b.url + "/any/path"); err != nil {
			t.Fatal(err)
		}
	}
	idA, idB := next[chain.PeerUp](t, a).Peer, next[chain.PeerUp](t, b).Peer
	a.hub.Send(idA, chain.Data{Data: "tea"})
	b.hub.Send(idB, chain.Data{Data: "coffee"})
	if got := next[chain.Received](t, b); got.Peer != idB || got.Message != (chain.Data{Data: "tea"}) {
		t.Fatalf("got %+v, want tea", got)
	}
	if got := next[chain.Received](t, a); got.Peer != idA || got.Message != (chain.Data{Data: "coffee"}) {
		t.Fatalf("got %+v, want coffee", got)
	}
	if got := a.hub.Addresses(); len(got) != 1 || !strings.HasPrefix(b.url, "ws://"+got[0]) {
		t.Fatalf("peers are %v, want the address dialed", got)
	}
}

func TestAConnectionThatEndsIsDialedAgain(t *testing.T) {
	a, b := newEnd(t, p2p.Options{}), newEnd(t, p2p.Options{})
	if err := a.hub.Dial(b.url); err != nil {
		t.Fatal(err)
	}
	first := next[chain.PeerUp](t, a).Peer
	b.hub.Drop(chain.Drop{Peer: next[chain.PeerUp](t, b).Peer, Reason: chain.OtherChain, Detail: "try again"})
	if got := next[chain.PeerDown](t, a).Peer; got != first {
		t.Fatalf("peer %d is gone, want %d", got, first)
	}
	if second := next[chain.PeerUp](t, a).Peer; second == first {
		t.Fatalf("peer number %d is used twice", second)
	}
}

func TestAPeerThatIsAwayIsDialedUntilItComes(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	a, b := newEnd(t, p2p.Options{}), newEnd(t, p2p.Options{})
	if err := a.hub.Dial("ws://" + address); err != nil {
		t.Fatal(err)
	}
	if l, err = net.Listen("tcp", address); err != nil {
		t.Skipf("the port was taken meanwhile: %v", err)
	}
	server := &http.Server{Handler: b.hub}
	go server.Serve(l)
	t.Cleanup(func() { server.Close() })
	next[chain.PeerUp](t, a)
}

func TestADroppedPeerReadsWhyAndABannedOneIsNotLetIn(t *testing.T) {
	b := newEnd(t, p2p.Options{})
	ws := dial(t, b.url)
	id := next[chain.PeerUp](t, b).Peer
	b.hub.Drop(chain.Drop{Peer: id, Reason: chain.Flood, Detail: strings.Repeat("ü", 200), Ban: time.Minute})
	_, err := readNext(t, ws)
	var closed websocket.CloseError
	if !errors.As(err, &closed) || closed.Code != websocket.StatusPolicyViolation || !strings.HasPrefix(closed.Reason, "Flood: ü") {
		t.Fatalf("read: %v, want a close frame with the reason", err)
	}
	next[chain.PeerDown](t, b)
	_, resp, err := websocket.Dial(t.Context(), b.url, nil)
	if err == nil || resp == nil || resp.StatusCode != http.StatusForbidden {
		t.Fatalf("dial while banned: %v, want 403", err)
	}
}

func TestABanSparesOthersFromTheSameHost(t *testing.T) {
	b := newEnd(t, p2p.Options{})
	dial(t, b.url)
	next[chain.PeerUp](t, b)
	dial(t, b.url)
	b.hub.Drop(chain.Drop{Peer: next[chain.PeerUp](t, b).Peer, Reason: chain.Flood, Ban: time.Minute})
	next[chain.PeerDown](t, b)
	dial(t, b.url)
	next[chain.PeerUp](t, b)
}

func TestFramesThatAreNoMessagesCloseTheConnection(t *testing.T) {
	for _, r := range []struct {
		name, frame string
		code        websocket.StatusCode
		reason      string
	}{
		{"of the original protocol", `{"type":1,"data":null}`, websocket.StatusPolicyViolation, "original toyblc protocol"},
		{"garbage", `]`, websocket.StatusInvalidFramePayloadData, "not a message"},
	} {
		t.Run(r.name, func(t *testing.T) {
			b := newEnd(t, p2p.Options{})
			ws := dial(t, b.url)
			if err := ws.Write(t.Context(), websocket.MessageText, []byte(r.frame)); err != nil {
				t.Fatal(err)
			}
			_, err := readNext(t, ws)
			var closed websocket.CloseError
			if !errors.As(err, &closed) || closed.Code != r.code || !strings.Contains(closed.Reason, r.reason) {
				t.Fatalf("read: %v, want close %d with %q", err, r.code, r.reason)
			}
			next[chain.PeerDown](t, b)
		})
	}
}

func TestALargeAnswerIsReadOnceItWasAskedFor(t *testing.T) {
	for _, asked := range []bool{true, false} {
		b := newEnd(t, p2p.Options{})
		ws := dial(t, b.url)
		id := next[chain.PeerUp](t, b).Peer
		if asked {
			b.hub.Send(id, chain.Want{})
			if _, err := readNext(t, ws); err != nil {
				t.Fatal(err)
			}
		}
		raw := p2p.Encode(large(5))
		_ = ws.Write(t.Context(), websocket.MessageText, raw) // it may be cut off halfway
		if asked {
			next[chain.Received](t, b)
		} else {
			next[chain.PeerDown](t, b)
		}
	}
}

func TestWhoAsksAgainBeforeReadingTheAnswerIsClosed(t *testing.T) {
	b := newEnd(t, p2p.Options{})
	dial(t, b.url)
	id := next[chain.PeerUp](t, b).Peer
	for range 16 {
		b.hub.Answer(id, func() (chain.Message, error) { return large(128), nil })
	}
	next[chain.PeerDown](t, b)
}

func TestOnlySomeAnswersAreInMemoryAtOnce(t *testing.T) {
	b := newEnd(t, p2p.Options{})
	const askers, most = 40, 4
	made, release := make(chan int, askers), make(chan struct{})
	for i := range askers {
		ws := dial(t, b.url)
		go func() { // reads, so that its answer can go out
			for {
				if _, err := readNext(t, ws); err != nil {
					return
				}
			}
		}()
		b.hub.Answer(next[chain.PeerUp](t, b).Peer, func() (chain.Message, error) {
			made <- i
			<-release
			return chain.Bodies{}, nil
		})
	}
	for range most {
		<-made
	}
	select {
	case <-made:
		t.Fatalf("more than %d answers are made at once", most)
	case <-time.After(100 * time.Millisecond):
	}
	close(release)
	for range askers - most {
		<-made
	}
}

// Whoever begins large frames and does not end them may hold up others who have
// large ones, for a while; small messages and answers come through.
func TestFramesThatDoNotEndHoldUpNobodyElse(t *testing.T) {
	b := newEnd(t, p2p.Options{})
	for range 40 {
		w, err := dial(t, b.url).Writer(t.Context(), websocket.MessageText)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(strings.Repeat(" ", 100<<10))); err != nil {
			t.Fatal(err)
		}
		next[chain.PeerUp](t, b)
	}
	ws := dial(t, b.url)
	id := next[chain.PeerUp](t, b).Peer
	say := func(m chain.Message) {
		t.Helper()
		raw := p2p.Encode(m)
		if err := ws.Write(t.Context(), websocket.MessageText, raw); err != nil {
			t.Fatal(err)
		}
		if got := next[chain.Received](t, b); got.Peer != id || !reflect.DeepEqual(got.Message, m) {
			t.Fatalf("got a %T from %d, want a %T from %d", got.Message, got.Peer, m, id)
		}
	}
	say(chain.Data{Data: "tea"})
	b.hub.Send(id, chain.Want{})
	if _, err := readNext(t, ws); err != nil {
		t.Fatal(err)
	}
	say(large(10))
}

func TestALargeTextComesThrough(t *testing.T) {
	b := newEnd(t, p2p.Options{})
	ws := dial(t, b.url)
	want := chain.Data{Data: strings.Repeat("\x01", block.MaxData)}
	raw := p2p.Encode(want)
	for range 40 { // each turn is given back
		if err := ws.Write(t.Context(), websocket.MessageText, raw); err != nil {
			t.Fatal(err)
		}
		if got := next[chain.Received](t, b); got.Message != want {
			t.Fatalf("got a %T, want the text", got.Message)
		}
	}
}

func TestAnAnswerThatCannotBeMadeClosesTheConnection(t *testing.T) {
	b := newEnd(t, p2p.Options{})
	dial(t, b.url)
	b.hub.Answer(next[chain.PeerUp](t, b).Peer, func() (chain.Message, error) { return nil, errors.New("no disk") })
	next[chain.PeerDown](t, b)
}

func TestAFrameThatIsTooLargeClosesTheConnection(t *testing.T) {
	b := newEnd(t, p2p.Options{})
	ws := dial(t, b.url)
	_ = ws.Write(t.Context(), websocket.MessageText, make([]byte, p2p.MaxMessage+1)) // it may be cut off halfway
	next[chain.PeerDown](t, b)
}

func TestTheNumberOfIncomingPeersIsBounded(t *testing.T) {
	b := newEnd(t, p2p.Options{MaxIncoming: 1})
	dial(t, b.url)
	next[chain.PeerUp](t, b)
	_, resp, err := websocket.Dial(t.Context(), b.url, nil)
	if err == nil || resp == nil || resp.StatusCode != http.StatusServiceUnavailable {
		t.Fatalf("dial: %v, want 503", err)
	}
}

func TestAPeerThatDoesNotReadIsClosed(t *testing.T) {
	b := newEnd(t, p2p.Options{})
	dial(t, b.url)
	id := next[chain.PeerUp](t, b).Peer
	text := chain.Data{Data: strings.Repeat("x", 1<<20)}
	for range 2000 { // more than the queue and any socket buffer hold
		b.hub.Send(id, text)
	}
	next[chain.PeerDown](t, b)
}

func TestAddressesThatCannotBeDialedAreRefused(t *testing.T) {
	a := newEnd(t, p2p.Options{})
	for _, address := range []string{"", "host:6001", "http://host:6001", "ws://", "ws://user:pw@host", "ws://%zz", "file:///etc/passwd", "dns+ws://name", "dns+ws://:6001@x"} {
		if err := a.hub.Dial(address); err == nil {
			t.Errorf("%q is accepted", address)
		}
	}
}

func TestAClosedHubSaysGoodByeAndIsSilent(t *testing.T) {
	a, b := newEnd(t, p2p.Options{}), newEnd(t, p2p.Options{})
	if err := a.hub.Dial(b.url); err != nil {
		t.Fatal(err)
	}
	next[chain.PeerUp](t, a)
	next[chain.PeerUp](t, b)
	begin := time.Now()
	a.hub.Close()
	if took := time.Since(begin); took > 1500*time.Millisecond {
		t.Fatalf("closing took %s", took)
	}
	next[chain.PeerDown](t, b)
	if got := a.hub.Addresses(); len(got) > 0 {
		t.Fatalf("still has peers %v", got)
	}
}

func dial(t *testing.T, url string) *websocket.Conn {
	t.Helper()
	ws, _, err := websocket.Dial(t.Context(), url, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ws.CloseNow() })
	return ws
}
