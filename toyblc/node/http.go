package node

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"

	"onex.io/onex/shared/fault"
	"onex.io/onex/toyblc/block"
	"onex.io/onex/toyblc/chain"
)

const (
	maxPeer = 4 << 10
	// maxPost holds a text of block.MaxData bytes however JSON spells it.
	maxPost = 6*block.MaxData + 1024
	// deaf is how long the loop may be silent before the node counts as dead.
	deaf = 30 * time.Second
)

// serve starts both servers; one that fails reports to faults. Requests end with ctx.
func (n *Node) serve(ctx context.Context, wg *sync.WaitGroup, faults chan<- error) []*http.Server {
	face := &http.Server{
		Handler: n.routes(), BaseContext: func(net.Listener) context.Context { return ctx }, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 15 * time.Second,
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

// routes is the HTTP face. Reading is free, writing needs an account and does
// not come from another site's page.
func (n *Node) routes() http.Handler {
	mux := http.NewServeMux()
	for pattern, handler := range n.handlers() {
		mux.Handle(pattern, handler)
	}
	mux.Handle("/", answering(func(http.ResponseWriter, *http.Request) error {
		return fault.New(fault.Missing, "PageNotFound", "route not found")
	}))
	return hardened(mux)
}

func (n *Node) handlers() map[string]http.Handler {
	return map[string]http.Handler{
		"GET /healthz":            http.HandlerFunc(n.healthz),
		"GET /readyz":             http.HandlerFunc(n.readyz),
		"GET /metrics":            n.metrics.handler(),
		"GET /v1/status":          n.answering(n.getStatus),
		"GET /v1/blocks":          n.listBlocks(whole),
		"GET /v1/headers":         n.listBlocks(bare),
		"GET /v1/blocks/{id}":     n.answering(n.getBlock),
		"GET /v1/blocks/stream":   n.answering(n.getStream),
		"POST /v1/blocks":         n.authorized(n.answering(n.postBlock)),
		"GET /v1/data":            n.answering(n.listData),
		"GET /v1/data/{dataRoot}": n.answering(n.getData),
		"GET /openapi.json":       n.answering(showDocument),
		"GET /{$}":                showPage("index.html"),
		"GET /explorer.css":       showPage("explorer.css"),
		"GET /explorer.js":        showPage("explorer.js"),
		"GET /v1/signers":         n.answering(n.getSigners),
		"GET /v1/peers":           n.answering(n.getPeers),
		"POST /v1/peers":          n.authorized(n.answering(n.postPeer)),
	}
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
		return fault.Field("peer", "must be of the form ws://host:port or dns+ws://name:port, and not one too many: %w", err)
	}
	return writeJSON(w, http.StatusAccepted, map[string]string{"peer": in.Peer})
}
