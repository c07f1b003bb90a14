package gateway

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httputil"
	"net/url"
	"sync"
	"time"

	"onex.io/onex/shared/fault"
	"onex.io/onex/shared/op"
	"onex.io/onex/shared/origin"
	"onex.io/onex/shared/trace"
)

// operations are how the gateway reaches them.
type operations struct {
	transport http.RoundTripper
	log       *slog.Logger
	internal  internal
	vouched   origin.Voucher
	stopping  <-chan struct{}
	idle      time.Duration // how long a stream may be silent
}

// idleConnections are kept to each operation: as many as the gateway has callers at once, so that none waits for a new
// one. They are idle for less than the 90 seconds after which the servers behind give them up.
const idleConnections = 200

// pooled is the transport with room for the gateway's callers; net/http's own keeps two connections to a host.
func pooled(transport http.RoundTripper) http.RoundTripper {
	if transport == nil {
		transport = http.DefaultTransport
	}
	shared, ok := transport.(*http.Transport)
	if !ok {
		return transport
	}
	own := shared.Clone()
	own.MaxIdleConns, own.MaxIdleConnsPerHost, own.IdleConnTimeout = 0, idleConnections, time.Minute
	own.DisableCompression = true // what passes through is not looked into
	return own
}

// longest is more than any operation takes that does not stream, and how long it may take to come from nothing.
const longest = 2 * time.Minute

// bounded is a handler that must come to an end.
func bounded(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), longest)
		defer cancel()
		h.ServeHTTP(w, r.WithContext(ctx))
	})
}

// proxy passes a request on under the operation's own host name. Answers go through as they come.
func (o operations) proxy(target *url.URL) http.Handler {
	p := &httputil.ReverseProxy{
		Transport: o.transport, FlushInterval: -1, BufferPool: &buffers{},
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(target) // and the host name with it
			o.internal.strip(r.Out.Header)
			o.vouched.Vouch(r.Out.Header, origin.From(r.In.Context()))
			trace.ToRequest(r.In.Context(), r.Out.Header)
		},
		ModifyResponse: func(r *http.Response) error {
			r.Header.Del("X-Content-Type-Options") // the gateway has set its own
			r.Header.Del("Cache-Control")
			r.Header.Del(hsts)
			if r.Header.Get(op.RequestIDHeader) == "" {
				r.Header.Set(op.RequestIDHeader, op.RequestID(r.Request.Context()))
			}
			return nil
		},
		ErrorHandler: func(w http.ResponseWriter, r *http.Request, err error) {
			o.log.WarnContext(r.Context(), "operation away", "host", target.Host, "request", op.RequestID(r.Context()), "trace", trace.ID(r.Context()), "error", err)
			w.Header().Set(op.RequestIDHeader, op.RequestID(r.Context()))
			op.WriteError(r.Context(), w, fault.New(fault.Busy, "OperationAway", "the operation does not answer now: %w", err))
		},
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Del(op.RequestIDHeader) // the operation has one of its own, and the cause in its log beside it
		p.ServeHTTP(w, r)
	})
}

// bufferSize is what an answer is copied by.
const bufferSize = 16 << 10

// buffers are used again: without, every answer would have one of its own.
type buffers struct{ free sync.Pool }

// Get is a buffer for a while.
func (b *buffers) Get() []byte {
	if free, ok := b.free.Get().(*[]byte); ok {
		return *free
	}
	return make([]byte, bufferSize)
}

// Put gives a buffer back.
func (b *buffers) Put(used []byte) { b.free.Put(&used) }
