package mongo

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"time"
)

const (
	headerSize  = 16
	maxMessage  = 48 << 20 // MongoDB's own limit
	opMsg       = 2013
	moreToCome  = 1 << 1
	commandTime = time.Minute
)

// gate lets one command at a time through to the database. FerretDB reads, computes and writes back without a
// transaction, so two updates of one document at once lose one of them; one after the other they do not.
//
// A client holds the gate only while the database works: its command is read in full before, and the answer is
// handed over after.
type gate struct {
	listener net.Listener
	target   string

	turn sync.Mutex // one command at a time

	mu     sync.Mutex // guards the rest
	closed bool
	open   map[net.Conn]struct{}
	serves sync.WaitGroup
}

func newGate(l net.Listener, target string) *gate {
	return &gate{listener: l, target: target, open: map[net.Conn]struct{}{}}
}

func (g *gate) addr() string { return g.listener.Addr().String() }

// serve accepts clients until close.
func (g *gate) serve() {
	for {
		c, err := g.listener.Accept()
		if err != nil {
			if g.enter(nil) {
				g.leave(nil)
				time.Sleep(10 * time.Millisecond) // out of file descriptors, say
				continue
			}
			return
		}
		if !g.enter(c) {
			c.Close()
			return
		}
		go func() {
			defer g.leave(c)
			g.client(c)
		}()
	}
}

// close cuts idle connections, lets the command under way end, and returns when nobody is served any more.
func (g *gate) close() {
	g.mu.Lock()
	g.closed = true
	_ = g.listener.Close()
	for c := range g.open {
		_ = c.SetReadDeadline(time.Now())
		_ = c.SetWriteDeadline(time.Now().Add(time.Second))
	}
	g.mu.Unlock()
	g.serves.Wait()
}

func (g *gate) enter(c net.Conn) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closed {
		return false
	}
	if c != nil {
		g.open[c] = struct{}{}
	}
	g.serves.Add(1)
	return true
}

func (g *gate) leave(c net.Conn) {
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.open, c)
	g.serves.Done()
}

// client serves one connection with one of its own behind the gate; cursors and sessions belong to it.
func (g *gate) client(c net.Conn) {
	defer c.Close()
	db, err := net.Dial("tcp", g.target)
	if err != nil {
		return
	}
	defer db.Close()
	for {
		request, err := readMessage(c)
		if err != nil {
			return
		}
		reply, err := g.command(db, request)
		if err != nil {
			return
		}
		if silent(request) {
			continue
		}
		if _, err := c.Write(reply); err != nil {
			return
		}
	}
}

// command runs one command to its end, whether or not the client still waits for it.
func (g *gate) command(db net.Conn, request []byte) ([]byte, error) {
	g.turn.Lock()
	defer g.turn.Unlock()
	if err := db.SetDeadline(time.Now().Add(commandTime)); err != nil {
		return nil, err
	}
	if _, err := db.Write(request); err != nil {
		return nil, fmt.Errorf("hand over command: %w", err)
	}
	return readMessage(db)
}

// silent tells whether the client wants no answer. FerretDB does not know of that and always answers.
func silent(message []byte) bool {
	return len(message) >= headerSize+4 &&
		binary.LittleEndian.Uint32(message[12:]) == opMsg &&
		binary.LittleEndian.Uint32(message[headerSize:])&moreToCome != 0
}

// readMessage reads one message of MongoDB's wire protocol, which begins with its length.
func readMessage(r io.Reader) ([]byte, error) {
	var head [headerSize]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return nil, err
	}
	n := binary.LittleEndian.Uint32(head[:])
	if n < headerSize || n > maxMessage {
		return nil, errors.New("message length out of range")
	}
	// Memory grows with what arrives, not with what is announced.
	body, err := io.ReadAll(io.LimitReader(r, int64(n)-headerSize))
	if err != nil {
		return nil, err
	}
	if len(body) != int(n)-headerSize {
		return nil, io.ErrUnexpectedEOF
	}
	return append(head[:], body...), nil
}
