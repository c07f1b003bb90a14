package mesh

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"sync"
	"time"
)

// connect joins the client to the target, whatever they speak.
func (m *Mesh) connect(w http.ResponseWriter, r *http.Request, t target) {
	var far net.Conn
	if t.handler == nil {
		c, err := net.DialTimeout("tcp", t.addr, 5*time.Second)
		if err != nil {
			refuse(w, "PodUnreachable", "the pod behind "+r.Host+" does not answer")
			return
		}
		far = c
		defer far.Close()
	}
	near, buffered, err := http.NewResponseController(w).Hijack()
	if err != nil {
		m.log.Error("take over connection", "host", r.Host, "error", err)
		return
	}
	defer near.Close()
	if _, err := io.WriteString(near, "HTTP/1.1 200 Connection established\r\n\r\n"); err != nil {
		return
	}
	client := newBufferedConn(near, buffered.Reader)
	if far == nil {
		serveOne(r.Context(), client, t.handler)
		return
	}
	join(r.Context(), client, far)
}

// join copies both ways until both sides have said all, or ctx ends.
func join(ctx context.Context, a, b net.Conn) {
	stop := context.AfterFunc(ctx, func() { a.Close(); b.Close() })
	defer stop()
	done := make(chan struct{})
	go func() {
		defer close(done)
		pour(b, a)
	}()
	pour(a, b)
	<-done
}

// pour copies and passes the end on, so that the other direction may still speak.
func pour(dst, src net.Conn) {
	_, _ = io.Copy(dst, src)
	if half, ok := dst.(interface{ CloseWrite() error }); ok && half.CloseWrite() == nil {
		return
	}
	dst.Close()
}

// serveOne serves a single connection by h and returns when the connection is closed, also by a handler that took it
// over.
func serveOne(ctx context.Context, c *bufferedConn, h http.Handler) {
	s := &http.Server{
		Handler:           h,
		ReadHeaderTimeout: 30 * time.Second,
		BaseContext:       func(net.Listener) context.Context { return ctx },
	}
	stop := context.AfterFunc(ctx, func() { c.Close() })
	defer stop()
	_ = s.Serve(&oneConn{conn: c}) // ends when the connection has
}

// oneConn is a listener that has one connection to give, and waits for its end.
type oneConn struct {
	conn  *bufferedConn
	given bool
}

// Accept gives the connection, and then nothing until that is closed.
func (l *oneConn) Accept() (net.Conn, error) {
	if !l.given {
		l.given = true
		return l.conn, nil
	}
	<-l.conn.closed
	return nil, io.EOF
}

// Close does nothing: there is no port to close.
func (l *oneConn) Close() error { return nil }

// Addr is of no interest to anybody.
func (l *oneConn) Addr() net.Addr { return &net.TCPAddr{} }

// bufferedConn reads first what was read ahead, and tells when it is closed.
type bufferedConn struct {
	net.Conn
	r      io.Reader
	once   sync.Once
	closed chan struct{}
}

// newBufferedConn takes what r holds and reads on from c itself: r belongs to the server that gave c away, which would
// take an interrupted read for the end of the client.
func newBufferedConn(c net.Conn, r *bufio.Reader) *bufferedConn {
	ahead, _ := r.Peek(r.Buffered()) // never more than there is
	return &bufferedConn{Conn: c, r: io.MultiReader(bytes.NewReader(ahead), c), closed: make(chan struct{})}
}

// Read reads what the client said, from its first byte.
func (c *bufferedConn) Read(p []byte) (int, error) { return c.r.Read(p) }

// Close closes the connection.
func (c *bufferedConn) Close() error {
	c.once.Do(func() { close(c.closed) })
	return c.Conn.Close()
}

// CloseWrite ends one direction.
func (c *bufferedConn) CloseWrite() error {
	if half, ok := c.Conn.(*net.TCPConn); ok {
		return half.CloseWrite()
	}
	return c.Close()
}
