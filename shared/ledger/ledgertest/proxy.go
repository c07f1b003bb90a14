package ledgertest

import (
	"encoding/binary"
	"io"
	"net"
	"sync"
	"testing"
)

// Proxy stands before a server and loses answers: of every so many writes it hands one over to the server, waits
// until it is done, and then cuts the connection to who asked for it.
type Proxy struct {
	target   string
	every    int
	listener net.Listener

	mu     sync.Mutex
	writes int
	cuts   int
}

// NewProxy starts a proxy before the server at target, host:port, until the test ends.
func NewProxy(t *testing.T, target string, every int) *Proxy {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	p := &Proxy{target: target, every: every, listener: l}
	go p.serve()
	t.Cleanup(func() { _ = l.Close() })
	return p
}

// URI is the connection string of the server behind the proxy.
func (p *Proxy) URI() string {
	return "mongodb://" + p.listener.Addr().String() + "/?directConnection=true&serverMonitoringMode=poll"
}

// Cuts is how many answers were lost so far.
func (p *Proxy) Cuts() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.cuts
}

func (p *Proxy) serve() {
	for {
		client, err := p.listener.Accept()
		if err != nil {
			return
		}
		go p.relay(client)
	}
}

// relay passes one command and its answer at a time.
func (p *Proxy) relay(client net.Conn) {
	defer client.Close()
	server, err := net.Dial("tcp", p.target)
	if err != nil {
		return
	}
	defer server.Close()
	for {
		command, err := message(client)
		if err != nil {
			return
		}
		if _, err := server.Write(command); err != nil {
			return
		}
		answer, err := message(server)
		if err != nil || p.loses(command) {
			return
		}
		if _, err := client.Write(answer); err != nil {
			return
		}
	}
}

func (p *Proxy) loses(command []byte) bool {
	if !isWrite(commandName(command)) {
		return false
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.writes++; p.writes%p.every != 0 {
		return false
	}
	p.cuts++
	return true
}

// message reads one message of the wire protocol, which begins with its length.
func message(r io.Reader) ([]byte, error) {
	head := make([]byte, 4)
	if _, err := io.ReadFull(r, head); err != nil {
		return nil, err
	}
	m := make([]byte, binary.LittleEndian.Uint32(head))
	copy(m, head)
	_, err := io.ReadFull(r, m[4:])
	return m, err
}

// commandName is the first key of an OP_MSG's body: header 16, flags 4, kind of section 1, length of document 4, type
// of its first element 1, and then the key up to a zero.
func commandName(m []byte) string {
	const opMsg, key = 2013, 26
	if len(m) < key || binary.LittleEndian.Uint32(m[12:]) != opMsg || m[20] != 0 {
		return ""
	}
	for end := key; end < len(m); end++ {
		if m[end] == 0 {
			return string(m[key:end])
		}
	}
	return ""
}
