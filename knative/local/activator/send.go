package activator

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"sync"
	"time"
)

// send brings a request to a process. One that turns out to be dead before it was told anything is passed over.
func (a *Activator) send(r *http.Request) (*http.Response, error) {
	for {
		to, err := a.acquire(r.Context())
		if err != nil {
			return nil, err
		}
		response, err := a.transport.RoundTrip(addressed(r, to.addr))
		if err == nil {
			response.Body = &lastByte{ReadCloser: response.Body, then: func() { a.release(to) }}
			return response, nil
		}
		if !neverSent(err) {
			a.mourn(r.Context(), to)
			a.release(to)
			return nil, err
		}
		a.lose(to)
		a.release(to)
	}
}

// lastBreath is how long a process whose connection broke has to be seen dead: its end is told a moment later.
const lastBreath = time.Second

// mourn takes a process out of service if it is dying, so that whoever asks again does not meet it once more.
func (a *Activator) mourn(ctx context.Context, r *replica) {
	select {
	case <-r.Done():
		a.bury(r)
	case <-ctx.Done(): // the caller went, not the process
	case <-time.After(lastBreath):
	}
}

// addressed is the request for one process. A transport closes the body of a request that failed, which here may be
// tried again; the server closes it in the end.
func addressed(r *http.Request, addr string) *http.Request {
	try := r.Clone(r.Context())
	try.URL.Host = addr
	if r.Body != nil && r.Body != http.NoBody {
		try.Body = io.NopCloser(r.Body)
	}
	return try
}

// neverSent tells an error of connecting from one that came when the process may have begun.
func neverSent(err error) bool {
	dial := new(net.OpError)
	return errors.As(err, &dial) && dial.Op == "dial"
}

// lastByte is an answer that tells when it has been read, or given up.
type lastByte struct {
	io.ReadCloser
	once sync.Once
	then func()
}

// Close gives the place in the process back.
func (b *lastByte) Close() error {
	err := b.ReadCloser.Close()
	b.once.Do(b.then)
	return err
}
