package chain

import (
	"time"

	"onex.io/onex/toyblc/block"
)

// Config is what a node knows before anything happens.
type Config struct {
	Params block.Params
	// Node is a random name of this process.
	Node string
	// Miner is who this node mines for; nil when it does not mine.
	Miner *Miner
	// Alone says that no peers are configured: such a node is the first of its
	// chain and right by itself. Others trust their chain, and mine on it, only
	// beside a peer that has no more work to show.
	Alone bool
	// Keep overrides the constant Keep when above zero.
	Keep int64
	// Signatures overrides block.CheckSignatures. A simulation of many nodes lets
	// them share what one has found out, which is a pure function of the blocks.
	Signatures func([]block.Block) (good int, err error)
}

// Miner goes into the headers of the blocks that a node mines.
type Miner struct {
	Address string
	Key     block.PublicKey
}

// Machine is one node's state. It is not safe for concurrent use.
type Machine struct {
	cfg     Config
	genesis block.Block
	index   *index
	peers   map[PeerID]*peer
	ordered []*peer // by id; nil when to be made anew
	pool    pool
	loaded  bool  // the root of what was stored
	mining  *Mine // what the miner works on; nil at rest
	ahead   ahead // headers whose data is still to come

	// The state of one Step.
	now   time.Time
	out   []Output
	old   *entry   // the head before
	fresh []Stored // blocks accepted
	own   []block.Block
}

// New makes a node that knows the genesis block only.
func New(cfg Config) (*Machine, error) {
	if err := cfg.Params.Validate(); err != nil {
		return nil, err
	}
	if cfg.Keep <= 0 {
		cfg.Keep = Keep
	}
	if cfg.Signatures == nil {
		cfg.Signatures = block.CheckSignatures
	}
	genesis := block.Genesis(cfg.Params)
	return &Machine{
		cfg: cfg, genesis: genesis, index: newIndex(genesis, cfg.Keep),
		peers: map[PeerID]*peer{}, ahead: newAhead(),
	}, nil
}

// Step takes one input at a moment and returns what is to be done about it.
// The same steps give the same outputs.
func (m *Machine) Step(now time.Time, in Input) []Output {
	m.now, m.out, m.fresh, m.own, m.old = now, nil, nil, nil, m.index.head()
	m.take(in)
	m.settle()
	return m.out
}

func (m *Machine) take(in Input) {
	switch in := in.(type) {
	case Loaded:
		m.load(in)
	case PeerUp:
		m.peerUp(in.Peer)
	case PeerDown:
		m.peerDown(in.Peer)
	case Received:
		m.received(in.Peer, in.Message)
	case Solved:
		m.solved(in.Block)
	case Post:
		m.post(in.Data)
	case Tick:
		m.tick()
	}
}

// settle does what follows from a changed state, whatever changed it.
func (m *Machine) settle() {
	m.move()
	m.pursue()
	m.fetch()
	m.retarget()
	if len(m.fresh) > 0 {
		m.prune()
	}
}

func (m *Machine) emit(o Output) { m.out = append(m.out, o) }

func (m *Machine) send(id PeerID, msg Message) { m.emit(Send{Peer: id, Message: msg}) }

func (m *Machine) headClaim() Head { return m.index.head().claim() }

func (e *entry) claim() Head { return Head{Hash: e.mark.Hash, Height: e.mark.Index, Work: e.work} }

// move makes the accepted blocks durable and follows the best of them.
func (m *Machine) move() {
	best := m.old
	for _, s := range m.fresh {
		if s.Work.Exceeds(best.work) {
			best = m.index.entries[s.Block.Hash]
		}
	}
	if best == m.old {
		if len(m.fresh) > 0 {
			m.emit(Store{Add: m.fresh})
		}
		return
	}
	gone, come := m.index.adopt(best)
	m.emit(Store{Add: m.fresh, From: come[0].mark.Index, Main: hashes(come)})
	if len(gone) > 0 {
		m.emit(Reorged{Depth: int64(len(gone))})
	}
	m.pool.moved(gone, come, best.mark.Index)
	m.index.forgetItems(come)
	m.announce()
}

func hashes(entries []*entry) []block.Hash {
	out := make([]block.Hash, len(entries))
	for i, e := range entries {
		out[i] = e.mark.Hash
	}
	return out
}

// announce tells the news to every peer that does not claim as much itself, and
// to the platform when the news is our own.
func (m *Machine) announce() {
	head := m.headClaim()
	for _, p := range m.peersInOrder() {
		if p.greeted && head.Work.Exceeds(p.claim.Work) {
			m.send(p.id, head)
		}
	}
	for _, b := range m.own {
		m.emit(Mined{Block: b})
	}
}

// prune lets go of what is too old to be reorganized.
func (m *Machine) prune() {
	if lost := m.index.prune(); len(lost) > 0 {
		m.emit(Store{Forget: lost})
	}
	m.forgetCursors()
}

// tick drops those who keep us waiting, and what waits in vain.
func (m *Machine) tick() {
	m.giveUp()
	for _, p := range m.peersInOrder() {
		switch {
		case !p.greeted && m.now.Sub(p.since) > helloWait:
			m.drop(p, NoHello, "nothing said in %s", helloWait)
		case m.now.Sub(p.oldestQuestion(m.now)) > answerWait:
			m.drop(p, Silent, "no answer in %s", answerWait)
		}
	}
}

// post takes a text from the node's own HTTP face.
func (m *Machine) post(data string) {
	root := block.DataRoot(data)
	if data == "" || m.recentlyMined(root) {
		m.emit(Taken{Root: root})
		return
	}
	isNew, why := m.pool.add(data)
	if why != "" {
		m.emit(Refused{Reason: why})
		return
	}
	m.emit(Taken{Root: root})
	if isNew {
		m.gossip(0, Data{Data: data})
	}
}
