package p2p

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/coder/websocket"

	"onex.io/onex/toyblc/chain"
)

const (
	outQueue = 256
	// maxAnswers are in memory at once, some 2 MB each at worst while they are
	// encoded: a small miner has 128 MB.
	maxAnswers = 4
	// maxWaiting answers may wait for one peer, which asks no more than that at once.
	maxWaiting = 4
	pingEvery  = 20 * time.Second
	writeLimit = 10 * time.Second
	closeLimit = time.Second
	smallFrame = 16 << 10
	maxLarge   = 32 // frames of up to MaxUnasked that are read at once
	readLimit  = 10 * time.Second
)

// conn is one connection.
type conn struct {
	ws        *websocket.Conn
	id        chain.PeerID
	addr      string // host:port
	url       string // of a dialed peer
	incoming  bool
	at        netip.AddrPort // where it listens; zero when not known. Guarded by the hub's lock
	told      time.Time      // when it last told of others
	since     time.Time
	out       chan outgoing
	turns     chan struct{}      // of all connections, for answers
	answering atomic.Int32       // answers that wait in out
	large     chan struct{}      // of all connections, for large frames that nobody asked for
	asked     atomic.Int32       // questions that are not answered yet
	cancel    context.CancelFunc // ends run
	once      sync.Once
}

// outgoing is a message, or an answer to a Want that is made when its turn comes.
type outgoing struct {
	message chain.Message
	answer  func() (chain.Message, error)
}

// run reads messages until the connection ends, and says why it did.
func (c *conn) run(ctx context.Context, take func(chain.Message)) error {
	var writer sync.WaitGroup
	defer writer.Wait()
	defer c.cancel()
	c.ws.SetReadLimit(MaxUnasked)
	writer.Go(func() { c.write(ctx) })
	for {
		raw, err := c.read(ctx)
		if err != nil {
			c.end(websocket.StatusNormalClosure, "")
			return err
		}
		m, err := Decode(raw)
		if err != nil {
			c.end(codeFor(err), err.Error())
			return err
		}
		if isAnswer(m) && c.asked.Load() > 0 && c.asked.Add(-1) == 0 {
			c.ws.SetReadLimit(MaxUnasked)
		}
		take(m)
	}
}

// read reads one frame. What is large and was not asked for needs a turn and must
// come soon, so that a crowd that begins frames and does not end them cannot fill
// our memory.
func (c *conn) read(ctx context.Context) ([]byte, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	_, r, err := c.ws.Reader(ctx)
	if err != nil {
		return nil, err
	}
	raw, err := io.ReadAll(io.LimitReader(r, smallFrame))
	if err != nil || len(raw) < smallFrame {
		return raw, err
	}
	if c.asked.Load() == 0 {
		select {
		case c.large <- struct{}{}:
			defer func() { <-c.large }()
		case <-ctx.Done():
			return nil, ctx.Err()
		}
		defer time.AfterFunc(readLimit, cancel).Stop()
	}
	rest, err := io.ReadAll(r)
	return append(raw, rest...), err
}

func isAnswer(m chain.Message) bool {
	switch m.(type) {
	case chain.Headers, chain.Bodies:
		return true
	}
	return false
}

func isQuestion(m chain.Message) bool {
	switch m.(type) {
	case chain.Want, chain.WantBodies:
		return true
	}
	return false
}

// queue takes a message to be written, and reports whether there was room. Of
// the large answers only a few may wait: who asks on and on without reading would
// keep us busy for nothing.
func (c *conn) queue(o outgoing) bool {
	if o.answer != nil && c.answering.Add(1) > maxWaiting {
		return false
	}
	select {
	case c.out <- o:
		return true
	default:
		return false
	}
}

func codeFor(err error) websocket.StatusCode {
	if errors.Is(err, ErrOriginal) {
		return websocket.StatusPolicyViolation
	}
	return websocket.StatusInvalidFramePayloadData
}

// write sends what is queued, and pings so that a peer that vanished without a
// word is noticed.
func (c *conn) write(ctx context.Context) {
	ping := time.NewTicker(pingEvery)
	defer ping.Stop()
	for {
		var err error
		select {
		case <-ctx.Done():
			return
		case o := <-c.out:
			err = c.writeOne(ctx, o)
		case <-ping.C:
			err = c.ping(ctx)
		}
		if err != nil {
			c.end(websocket.StatusAbnormalClosure, "")
			return
		}
	}
}

func (c *conn) writeOne(ctx context.Context, o outgoing) error {
	if o.answer != nil {
		return c.writeAnswer(ctx, o.answer)
	}
	if isQuestion(o.message) {
		c.asked.Add(1)
		c.ws.SetReadLimit(MaxMessage)
	}
	return c.send(ctx, o.message)
}

// writeAnswer holds an answer in memory only while it has a turn, so that a crowd
// that asks and does not read cannot fill it.
func (c *conn) writeAnswer(ctx context.Context, answer func() (chain.Message, error)) error {
	defer c.answering.Add(-1)
	select {
	case c.turns <- struct{}{}:
		defer func() { <-c.turns }()
	case <-ctx.Done():
		return ctx.Err()
	}
	m, err := answer()
	if err != nil {
		return err
	}
	return c.send(ctx, m)
}

func (c *conn) send(ctx context.Context, m chain.Message) error {
	ctx, cancel := context.WithTimeout(ctx, writeLimit)
	defer cancel()
	return c.ws.Write(ctx, websocket.MessageBinary, Encode(m))
}

func (c *conn) ping(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, writeLimit)
	defer cancel()
	if err := c.ws.Ping(ctx); err != nil {
		return fmt.Errorf("ping %q: %w", c.addr, err)
	}
	return nil
}

// end closes the connection once, without waiting here. The peer has a moment to
// agree, then it is cut off. A code that must not go over the wire closes it
// without a word.
func (c *conn) end(code websocket.StatusCode, reason string) {
	c.once.Do(func() {
		if code == websocket.StatusAbnormalClosure {
			go c.ws.CloseNow()
			return
		}
		time.AfterFunc(closeLimit, c.cancel)
		go c.ws.Close(code, clip(reason))
	})
}

// clip keeps a reason within what a close frame can carry.
func clip(s string) string {
	const most = 120
	if len(s) <= most {
		return s
	}
	for i := range s {
		if i > most-3 {
			return s[:i] + "…"
		}
	}
	return s
}

// banKey is what a ban remembers: the URL of a dialed peer, else the host.
func (c *conn) banKey() string {
	if c.url != "" {
		return c.url
	}
	return hostOf(c.addr)
}

func hostOf(addr string) string {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return addr
	}
	return host
}
