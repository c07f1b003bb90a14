// Package activator is Knative Serving for one machine: an operation is a process of its own, started by its first
// request, joined by others under load, started again after a crash, and stopped when nothing comes.
package activator

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httputil"
	"sync"
	"time"

	"onex.io/onex/shared/fault"
	"onex.io/onex/shared/op"
)

// Options say which operation is to be there when it is needed, and how much of it.
type Options struct {
	Operation string
	Program   *Program
	// Max is how many copies there are at most, and Concurrency how many requests one of them gets at once.
	Max, Concurrency int
	// Idle is how long a copy without a request is kept; zero means 30 seconds.
	Idle time.Duration
}

// Activator answers for an operation: it holds a request until a process can take it. Run it, for its end ends the
// processes.
type Activator struct {
	o         Options
	proxy     *httputil.ReverseProxy
	transport *http.Transport
	life      context.Context
	end       context.CancelFunc
	working   sync.WaitGroup

	mu       sync.Mutex
	copies   []*replica
	starting int
	waiters  []chan grant
	failure  error // of the last start, if that failed
	failed   time.Time
}

// replica is a process that answers.
type replica struct {
	*process
	began    time.Time
	inflight int
	idle     *time.Timer
}

// grant is a place in a replica, or why there is none.
type grant struct {
	replica *replica
	err     error
}

var (
	errClosing    = errors.New("the platform stops")
	errOverloaded = errors.New("too many requests wait")
)

// failurePause is how long a failed start is not repeated, so that a process that cannot start does not use up the
// machine.
const failurePause = time.Second

// New makes an activator that has started nothing yet.
func New(o Options) *Activator {
	if o.Idle == 0 {
		o.Idle = 30 * time.Second
	}
	a := &Activator{o: o, transport: &http.Transport{MaxIdleConnsPerHost: o.Concurrency, DisableCompression: true}}
	a.life, a.end = context.WithCancel(context.Background())
	a.proxy = &httputil.ReverseProxy{
		Transport: roundTripper(a.send), FlushInterval: -1, // answers may be streams
		Rewrite:      func(r *httputil.ProxyRequest) { r.Out.URL.Scheme, r.Out.Host = "http", r.In.Host },
		ErrorHandler: a.refuse,
	}
	return a
}

// Run lets the operation be started until ctx ends, and returns when none of its processes is left. They get the time
// to end their work.
func (a *Activator) Run(ctx context.Context) error {
	<-ctx.Done()
	a.mu.Lock()
	a.end()
	a.refuseWaiters(errClosing)
	left := a.copies
	a.copies = nil
	a.mu.Unlock()
	for _, r := range left {
		a.working.Go(func() { r.Stop(stopGrace) })
	}
	a.working.Wait()
	return nil
}

// PIDs are the processes that answer now.
func (a *Activator) PIDs() []int {
	a.mu.Lock()
	defer a.mu.Unlock()
	var all []int
	for _, r := range a.copies {
		all = append(all, r.PID())
	}
	return all
}

// acquire takes a place in a process, which it starts if need be.
func (a *Activator) acquire(ctx context.Context) (*replica, error) {
	a.mu.Lock()
	if r := a.free(); r != nil {
		a.mu.Unlock()
		return r, nil
	}
	if err := a.hopeless(); err != nil {
		a.mu.Unlock()
		return nil, err
	}
	turn := make(chan grant, 1)
	a.waiters = append(a.waiters, turn)
	a.scaleUp()
	a.mu.Unlock()
	select {
	case g := <-turn:
		return g.replica, g.err
	case <-ctx.Done():
		a.leave(turn)
		return nil, ctx.Err()
	}
}

// free takes a place in the first copy that has one, so that the later ones fall idle. The lock is held.
func (a *Activator) free() *replica {
	for _, r := range a.copies {
		if r.inflight < a.o.Concurrency {
			a.take(r)
			return r
		}
	}
	return nil
}

func (a *Activator) take(r *replica) {
	r.inflight++
	if r.idle != nil {
		r.idle.Stop()
	}
}

// hopeless tells why waiting would be in vain. The lock is held.
func (a *Activator) hopeless() error {
	switch {
	case a.life.Err() != nil:
		return errClosing
	case len(a.waiters) >= 10*a.o.Concurrency: // as Knative's queue
		return errOverloaded
	case len(a.copies)+a.starting == 0 && a.failure != nil && time.Since(a.failed) < failurePause:
		return a.failure
	}
	return nil
}

// leave gives up waiting, and a place that was given at the same moment.
func (a *Activator) leave(turn chan grant) {
	a.mu.Lock()
	for i, w := range a.waiters {
		if w == turn {
			a.waiters = append(a.waiters[:i], a.waiters[i+1:]...)
			break
		}
	}
	a.mu.Unlock()
	select {
	case g := <-turn:
		if g.replica != nil {
			a.release(g.replica)
		}
	default:
	}
}

// release gives a place back, to whoever waits first.
func (a *Activator) release(r *replica) {
	a.mu.Lock()
	defer a.mu.Unlock()
	r.inflight--
	a.serveWaiters()
	if r.inflight == 0 {
		r.idle = time.AfterFunc(a.o.Idle, func() { a.retire(r) })
	}
}

// serveWaiters gives free places to those who wait. The lock is held.
func (a *Activator) serveWaiters() {
	for len(a.waiters) > 0 {
		r := a.free()
		if r == nil {
			return
		}
		a.waiters[0] <- grant{replica: r}
		a.waiters = a.waiters[1:]
	}
}

func (a *Activator) refuseWaiters(err error) {
	for _, w := range a.waiters {
		w <- grant{err: err}
	}
	a.waiters = nil
}

// roundTripper is a function as a transport.
type roundTripper func(*http.Request) (*http.Response, error)

// RoundTrip calls the function.
func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// ServeHTTP passes the request on to a process, once there is one.
func (a *Activator) ServeHTTP(w http.ResponseWriter, r *http.Request) { a.proxy.ServeHTTP(w, r) }

// refuse says that the same request may succeed later. It does so too when a process died with the request in hand:
// nobody knows how far it came, and every operation bears a repeat.
func (a *Activator) refuse(w http.ResponseWriter, r *http.Request, err error) {
	if r.Context().Err() == nil {
		a.o.Program.Log.Warn("operation away", "operation", a.o.Operation, "error", err)
	}
	op.WriteError(r.Context(), w, fault.New(fault.Busy, "OperationAway", "the operation does not answer now: %w", fmt.Errorf("%s: %w", a.o.Operation, err)))
}
