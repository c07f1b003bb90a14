package node_test

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// Whatever a stranger sends to either port, a node answers or hangs up, and goes on as before.
func TestBytesOfStrangersDoNothing(t *testing.T) {
	n := run(t, config(t, t.TempDir()))
	before := n.status()
	post := "POST /v1/blocks HTTP/1.1\r\nHost: x\r\nAuthorization: Basic b3A6c2VjcmV0\r\n"
	for name, bytes := range map[string]string{
		"noise":                               "\x00\x01\xff\xfe\r\n\r\n",
		"a greeting of TLS":                   "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + strings.Repeat("\x5a", 300),
		"a greeting of HTTP/2":                "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
		"an endless line":                     "GET /" + strings.Repeat("a", 64<<10),
		"endless headers":                     "GET / HTTP/1.1\r\nHost: x\r\n" + strings.Repeat("A: b\r\n", 16<<10) + "\r\n",
		"no host":                             "GET /v1/status HTTP/1.1\r\n\r\n",
		"two lengths":                         post + "Content-Length: 2\r\nContent-Length: 9\r\n\r\n{}",
		"a length below zero":                 post + "Content-Length: -1\r\n\r\n{}",
		"a length and chunks":                 post + "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
		"a chunk that is none":                post + "Transfer-Encoding: chunked\r\n\r\nzz\r\n{}",
		"an unknown encoding":                 post + "Transfer-Encoding: gzip\r\n\r\n{}",
		"a body that ends early":              post + "Content-Length: 100\r\n\r\n{\"data\":\"tea",
		"deep brackets":                       post + fmt.Sprintf("Content-Length: %d\r\n\r\n", 100_000) + strings.Repeat("[", 100_000),
		"a path that leads out":               "GET /../../etc/passwd HTTP/1.1\r\nHost: x\r\n\r\n",
		"a path of the page that leads out":   "GET /page/../node.go HTTP/1.1\r\nHost: x\r\n\r\n",
		"a header over two lines":             "GET / HTTP/1.1\r\nHost: x\r\nTrace-ID: a\r\n b: c\r\n\r\n",
		"an upgrade to what nobody speaks":    "GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 99\r\nSec-WebSocket-Key: eA==\r\n\r\n",
		"a tunnel":                            "CONNECT 127.0.0.1:22 HTTP/1.1\r\nHost: 127.0.0.1:22\r\n\r\n",
		"credentials that are not base64":     "POST /v1/peers HTTP/1.1\r\nHost: x\r\nAuthorization: Basic %%%\r\nContent-Length: 2\r\n\r\n{}",
		"an event id from beyond the numbers": "GET /v1/blocks/stream HTTP/1.1\r\nHost: x\r\nLast-Event-ID: 99999999999999999999\r\n\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			for _, address := range []string{n.node.HTTPAddr(), n.node.P2PAddr()} {
				wantHarmless(t, address, bytes)
			}
			if after := n.status(); after.Head != before.Head || after.Waiting != 0 || n.get("/healthz", nil) != http.StatusOK {
				t.Fatalf("the node is %+v now, was %+v", after, before)
			}
		})
	}
}

// wantHarmless sends bytes and wants an end or an answer that is a refusal or a page.
func wantHarmless(t *testing.T, address, bytes string) {
	t.Helper()
	c, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_, _ = io.WriteString(c, bytes) // it may hang up half-way
	_ = c.(*net.TCPConn).CloseWrite()
	if err := c.SetReadDeadline(time.Now().Add(30 * time.Second)); err != nil {
		t.Fatal(err)
	}
	answer, _ := io.ReadAll(io.LimitReader(c, 1<<20)) // hanging up without a word is an answer
	first, _, _ := strings.Cut(string(answer), "\r\n")
	for _, bad := range []string{" 500 ", " 101 ", "root:"} {
		if strings.Contains(first, bad) {
			t.Fatalf("%s answers %q", address, first)
		}
	}
}

// Connections that say nothing are closed, and keep nobody else out meanwhile.
func TestSilentConnectionsKeepNobodyOut(t *testing.T) {
	n := run(t, config(t, t.TempDir()))
	for range 200 {
		c, err := net.Dial("tcp", n.node.HTTPAddr())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Close() })
	}
	if status := n.get("/v1/status", nil); status != http.StatusOK {
		t.Fatalf("status %d beside 200 silent connections", status)
	}
}
