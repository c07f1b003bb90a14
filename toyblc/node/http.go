package node

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"sync"
	"time"

	"onex.io/onex/shared/fault"
	"onex.io/onex/toyblc/block"
	"onex.io/onex/toyblc/chain"
	"onex.io/onex/toyblc/store"
)

const (
	maxLimit = 1000
	maxPeer  = 4 << 10
	// maxPost holds a text of block.MaxData bytes however JSON spells it.
	maxPost = 6*block.MaxData + 1024
	// deaf is how long the loop may be silent before the node counts as dead.
	deaf = 30 * time.Second
)

// serve starts both servers; one that fails reports to faults.
func (n *Node) serve(wg *sync.WaitGroup, faults chan<- error) []*http.Server {
	face := &http.Server{
		Handler: n.routes(), ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 15 * time.Second,
		WriteTimeout: time.Minute, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 16 << 10,
	}
	peers := &http.Server{Handler: n.hub, ReadHeaderTimeout: 5 * time.Second, MaxHeaderBytes: 16 << 10}
	run := func(s *http.Server, l net.Listener) {
		if err := s.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			faults <- fmt.Errorf("serve %q: %w", l.Addr(), err)
		}
	}
	wg.Go(func() { run(face, n.httpListener) })
	wg.Go(func() { run(peers, n.p2pListener) })
	return []*http.Server{face, peers}
}

// routes is the HTTP face. Reading is free, writing needs an account.
func (n *Node) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", n.healthz)
	mux.HandleFunc("GET /readyz", n.readyz)
	mux.Handle("GET /metrics", n.metrics.handler())
	mux.Handle("GET /v1/status", answering(n.getStatus))
	mux.Handle("GET /v1/blocks", answering(n.getBlocks))
	mux.Handle("POST /v1/blocks", n.authorized(answering(n.postBlock)))
	mux.Handle("GET /v1/peers", answering(n.getPeers))
	mux.Handle("POST /v1/peers", n.authorized(answering(n.postPeer)))
	mux.Handle("/", answering(func(http.ResponseWriter, *http.Request) error {
		return fault.New(fault.Missing, "PageNotFound", "route not found")
	}))
	return hardened(mux)
}

func (n *Node) healthz(w http.ResponseWriter, _ *http.Request) {
	if time.Since(time.Unix(n.beat.Load(), 0)) > deaf {
		http.Error(w, "the node's loop is stuck", http.StatusServiceUnavailable)
		return
	}
	w.Write([]byte("ok\n"))
}

func (n *Node) readyz(w http.ResponseWriter, _ *http.Request) {
	if !n.status.Load().Synced {
		http.Error(w, "not synced with any peer", http.StatusServiceUnavailable)
		return
	}
	w.Write([]byte("ok\n"))
}

// Status is the answer of GET /v1/status.
type Status struct {
	Height   int64        `json:"height"`
	Head     block.Hash   `json:"head"`
	Work     string       `json:"work"` // expected hashes since genesis, decimal
	Target   block.Target `json:"target"`
	Peers    int          `json:"peers"`
	Synced   bool         `json:"synced"`
	Mining   bool         `json:"mining"`
	HashRate float64      `json:"hashRate"` // of the own miner, per second
	Waiting  int          `json:"waiting"`  // posted texts not mined yet
}

func (n *Node) getStatus(w http.ResponseWriter, _ *http.Request) error {
	s := n.status.Load()
	return writeJSON(w, http.StatusOK, Status{
		Height: s.Height, Head: s.Head, Work: s.Work.Big().String(), Target: s.Target,
		Peers: s.Peers, Synced: s.Synced, Mining: s.Mining, Waiting: s.Waiting, HashRate: n.hashRate(),
	})
}

func (n *Node) getBlocks(w http.ResponseWriter, r *http.Request) error {
	from, err := queryNumber(r, "from", 0)
	if err != nil {
		return err
	}
	limit, err := queryNumber(r, "limit", maxLimit)
	if err != nil {
		return err
	}
	return n.streamBlocks(w, from, int(min(limit, maxLimit)))
}

func queryNumber(r *http.Request, name string, absent int64) (int64, error) {
	text := r.URL.Query().Get(name)
	if text == "" {
		return absent, nil
	}
	number, err := strconv.ParseInt(text, 10, 64)
	if err != nil || number < 0 {
		return 0, fault.Field(name, "must be a number from 0")
	}
	return number, nil
}

// streamBlocks writes an array piece by piece, so that memory holds one piece
// however much is asked for. A reorganization between two pieces ends it early;
// the caller asks on from there.
func (n *Node) streamBlocks(w http.ResponseWriter, from int64, limit int) error {
	out := newArray(w)
	var last block.Hash
	for limit > 0 {
		part, err := n.store.Range(from, limit)
		if err != nil {
			return n.storeFault(out, err)
		}
		if len(part) == 0 || out.count > 0 && part[0].Block.PreviousHash != last {
			break
		}
		for _, s := range part {
			if err := out.add(s.Block); err != nil {
				return nil // the caller is gone
			}
		}
		last = part[len(part)-1].Block.Hash
		from, limit = from+int64(len(part)), limit-len(part)
	}
	out.end()
	return nil
}

// storeFault answers a failed read. A corrupt store ends the node; an answer
// that is half out is cut off, so that nobody takes it for whole.
func (n *Node) storeFault(out *array, err error) error {
	if errors.Is(err, store.ErrCorrupt) {
		select {
		case n.broken <- err:
		default:
		}
	}
	if out.count > 0 {
		panic(http.ErrAbortHandler)
	}
	return fault.New(fault.Broken, "StoreUnreadable", "the chain cannot be read now: %w", err)
}

func (n *Node) postBlock(w http.ResponseWriter, r *http.Request) error {
	var in struct {
		Data string `json:"data"`
	}
	if err := readJSON(w, r, maxPost, &in); err != nil {
		return err
	}
	p := posting{data: in.Data, answer: make(chan chain.Output, 1)}
	select {
	case n.posts <- p:
	case <-r.Context().Done():
		return fault.New(fault.Busy, "NodeBusy", "the node is busy")
	}
	switch o := (<-p.answer).(type) {
	case chain.Refused:
		return refusal(o)
	case chain.Taken:
		return writeJSON(w, http.StatusAccepted, map[string]string{"dataRoot": o.Root.String()})
	}
	return fault.New(fault.Broken, "NoAnswer", "the node did not say whether it took the data")
}

func refusal(r chain.Refused) error {
	if r.Reason == chain.Full {
		return fault.New(fault.Busy, string(r.Reason), "too much data waits to be mined")
	}
	return fault.New(fault.Invalid, string(r.Reason), "data must be text of at most %d bytes", block.MaxData)
}

func (n *Node) getPeers(w http.ResponseWriter, _ *http.Request) error {
	return writeJSON(w, http.StatusOK, n.hub.Addresses())
}

func (n *Node) postPeer(w http.ResponseWriter, r *http.Request) error {
	var in struct {
		Peer string `json:"peer"`
	}
	if err := readJSON(w, r, maxPeer, &in); err != nil {
		return err
	}
	if err := n.hub.Dial(in.Peer); err != nil {
		return fault.Field("peer", "must be of the form ws://host:port, and not one too many: %w", err)
	}
	return writeJSON(w, http.StatusAccepted, map[string]string{"peer": in.Peer})
}
