package node

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"onex.io/onex/toyblc/block"
	"onex.io/onex/toyblc/chain"
	"onex.io/onex/toyblc/keyfile"
	"onex.io/onex/toyblc/mine"
	"onex.io/onex/toyblc/p2p"
	"onex.io/onex/toyblc/store"
)

// Node is a running node. Everything around the machine is concurrent; the
// machine itself belongs to loop alone, and what others may see of it is in
// status.
type Node struct {
	cfg     Config
	genesis block.Hash
	log     *slog.Logger
	machine *chain.Machine
	store   *store.Bolt
	hub     *p2p.Hub
	miner   *mine.Miner // nil when it does not mine
	events  *emitter    // nil without a sink
	metrics *metrics
	story   *story

	inputs  chan chain.Input
	posts   chan posting
	broken  chan error // the store, found out by a reader
	status  atomic.Pointer[chain.Status]
	beat    atomic.Int64 // unix seconds of the last turn of the loop
	mined   atomic.Int64 // blocks of the own miner
	heads   *bell
	streams atomic.Int32

	p2pListener, httpListener net.Listener
}

// New prepares a node: configuration checked, chain loaded, ports bound. A
// port 0 in the configuration becomes a free one.
func New(cfg Config, log *slog.Logger) (*Node, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("configure node: %w", err)
	}
	n := &Node{
		cfg: cfg, genesis: block.Genesis(cfg.Params).Hash, log: log, inputs: make(chan chain.Input, 64),
		posts: make(chan posting), broken: make(chan error, 1), heads: newBell(),
	}
	n.metrics = newMetrics(n)
	n.hub = p2p.New(p2p.Options{Deliver: n.deliver, Log: log})
	for _, prepare := range []func() error{n.prepareMiner, n.describe, n.prepareEvents, n.prepareStory, n.openChain, n.listen, n.dial} {
		if err := prepare(); err != nil {
			n.hub.Close()
			return nil, errors.Join(fmt.Errorf("start node: %w", err), n.release())
		}
	}
	return n, nil
}

func (n *Node) prepareMiner() error {
	if !n.cfg.Mine {
		return nil
	}
	key, err := keyfile.Read(n.cfg.KeyFile)
	if err != nil {
		return err
	}
	n.miner, err = mine.New(mine.Options{Key: key, Share: n.cfg.CPUShare, Found: n.found})
	return err
}

func (n *Node) prepareEvents() (err error) {
	if n.cfg.Sink != "" {
		n.events, err = newEmitter(n.cfg.Sink, n.cfg.Source, n.log)
	}
	return err
}

func (n *Node) machineConfig() chain.Config {
	c := chain.Config{Params: n.cfg.Params, Node: rand.Text(), Alone: len(n.cfg.Peers) == 0}
	if n.miner != nil {
		c.Miner = &chain.Miner{Address: n.cfg.Address, Key: n.miner.PublicKey()}
	}
	return c
}

func (n *Node) dbPath() string { return filepath.Join(n.cfg.DataDir, "chain.db") }

// openChain loads the stored chain. A corrupt file is set aside, and the chain
// fetched from the peers again.
func (n *Node) openChain() error {
	if err := os.MkdirAll(n.cfg.DataDir, 0o700); err != nil {
		return fmt.Errorf("data directory: %w", err)
	}
	err := n.loadChain()
	if !errors.Is(err, store.ErrCorrupt) {
		return err
	}
	if err := n.setAside(err); err != nil {
		return err
	}
	return n.loadChain()
}

// setAside gives a corrupt chain file up.
func (n *Node) setAside(cause error) error {
	if err := n.store.Close(); err != nil {
		n.log.Warn("corrupt chain file not closed", "cause", err)
	}
	aside, err := store.SetAside(n.dbPath())
	if err != nil {
		return err
	}
	n.log.Error("chain file set aside; the chain will be fetched from peers", "file", aside, "cause", cause)
	return nil
}

func (n *Node) loadChain() (err error) {
	n.store, err = store.OpenBolt(n.dbPath())
	if err != nil {
		return err
	}
	if n.machine, err = chain.New(n.machineConfig()); err != nil {
		return err
	}
	return store.Load(n.store, chain.Keep, func(piece chain.Loaded) error { return n.step(piece) })
}

func (n *Node) listen() (err error) {
	if n.p2pListener, err = net.Listen("tcp", n.cfg.P2PAddr); err != nil {
		return fmt.Errorf("listen for peers: %w", err)
	}
	if at, ok := n.p2pListener.Addr().(*net.TCPAddr); ok {
		n.hub.Listens(at.AddrPort())
	}
	if n.httpListener, err = net.Listen("tcp", n.cfg.HTTPAddr); err != nil {
		return fmt.Errorf("listen for HTTP: %w", err)
	}
	return nil
}

func (n *Node) dial() error {
	for _, peer := range n.cfg.Peers {
		if err := n.hub.Dial(peer); err != nil {
			return err
		}
	}
	return nil
}

// P2PAddr is where peers reach the node.
func (n *Node) P2PAddr() string { return n.p2pListener.Addr().String() }

// HTTPAddr is where the HTTP face is.
func (n *Node) HTTPAddr() string { return n.httpListener.Addr().String() }

// Run works until ctx ends, which is a clean stop and no error, or until
// something breaks. The node is of no use afterwards.
func (n *Node) Run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var wg sync.WaitGroup
	faults := make(chan error, 2)
	servers := n.serve(ctx, &wg, faults)
	wg.Go(func() { n.work(ctx) })
	wg.Go(func() { n.emit(ctx) })
	n.story.started(ctx)
	n.log.Info("node runs", "chain", n.cfg.Params.ChainID, "p2p", n.P2PAddr(), "http", n.HTTPAddr(),
		"height", n.status.Load().Height, "miner", n.cfg.Mine, "peers", n.cfg.Peers)
	err := n.loop(ctx, faults)
	cancel()
	n.stop(servers)
	wg.Wait()
	n.story.close()
	n.log.Info("node stopped", "height", n.status.Load().Height, "cause", err)
	return errors.Join(err, n.close(err))
}

func (n *Node) work(ctx context.Context) {
	if n.miner != nil {
		n.miner.Run(ctx)
	}
}

func (n *Node) emit(ctx context.Context) {
	if n.events != nil {
		n.events.run(ctx)
	}
}

// stop ends the edges; what they still have in hand gets half a second.
func (n *Node) stop(servers []*http.Server) {
	ctx, cancel := context.WithTimeout(context.Background(), 500*time.Millisecond)
	defer cancel()
	for _, s := range servers {
		if err := s.Shutdown(ctx); err != nil {
			n.log.Info("connections cut off", "cause", errors.Join(err, s.Close()))
		}
	}
	n.hub.Close()
}

// close releases the chain file; one found corrupt is set aside, so that the
// next start begins anew.
func (n *Node) close(cause error) error {
	if errors.Is(cause, store.ErrCorrupt) {
		return n.setAside(cause)
	}
	return n.store.Close()
}

// release undoes what New had done before it failed.
func (n *Node) release() error {
	var errs []error
	for _, l := range []net.Listener{n.p2pListener, n.httpListener} {
		if l != nil {
			errs = append(errs, l.Close())
		}
	}
	n.story.close()
	return errors.Join(append(errs, n.store.Close())...)
}
