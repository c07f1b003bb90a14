package wallet

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"onex.io/onex/shared/api/apps/v1beta1"
	"onex.io/onex/shared/chainnode"
	"onex.io/onex/shared/fault"
	"onex.io/onex/shared/ledger"
	"onex.io/onex/shared/money"
	"onex.io/onex/toyblc/block"
)

var noon = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

// memory is a book in memory. The real one is proved by the ledger's own suite.
type memory struct {
	mu      sync.Mutex
	away    bool
	entries map[string][]ledger.Entry
	keys    map[string]bool
}

func newMemory() *memory {
	return &memory{entries: map[string][]ledger.Entry{}, keys: map[string]bool{}}
}

func (m *memory) open(context.Context) (book, error) {
	if m.away {
		return nil, fault.New(fault.Busy, "StoreAway", "away")
	}
	return m, nil
}

func (m *memory) Account(_ context.Context, name string) (ledger.Account, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	a := ledger.Account{ID: name}
	for _, e := range m.entries[name] {
		a.Number, a.Balance = e.Number, e.Balance
		at := slices.IndexFunc(a.Pools, func(p ledger.Pool) bool { return p.ID == e.Pool })
		if e.Kind == ledger.KindSlot && at < 0 {
			at, a.Pools = len(a.Pools), append(a.Pools, ledger.Pool{ID: e.Pool})
		}
		switch e.Kind {
		case ledger.KindSlot:
			a.Slots++
			a.Pools[at].Slots++
		case ledger.KindReward:
			a.Earned += e.Amount
			if at >= 0 {
				a.Pools[at].Earned += e.Amount
			}
		}
	}
	return a, nil
}

func (m *memory) Entries(_ context.Context, account string, from int64, limit int) ([]ledger.Entry, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var page []ledger.Entry
	for n := from; n > 0 && len(page) < limit; n-- {
		page = append(page, m.entries[account][n-1])
	}
	return page, nil
}

func (m *memory) Credit(_ context.Context, e ledger.Entry) (bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.keys[e.Key] {
		return false, nil
	}
	e.Number, e.Balance = 1, e.Amount
	if n := len(m.entries[e.Account]); n > 0 {
		head := m.entries[e.Account][n-1]
		e.Number, e.Balance = head.Number+1, head.Balance+e.Amount
	}
	if e.Balance < 0 {
		return false, fault.New(fault.Exhausted, ledger.ErrInsufficient, "the wallet is too empty")
	}
	m.keys[e.Key], m.entries[e.Account] = true, append(m.entries[e.Account], e)
	return true, nil
}

func (m *memory) BuySlot(ctx context.Context, s ledger.Slot, t ledger.Terms) error {
	limit, err := t.Limit(ctx)
	if err != nil {
		return err
	}
	if a, _ := m.Account(ctx, s.Account); a.Slots >= limit && !m.keys[s.Key()] {
		return fault.New(fault.Exhausted, ledger.ErrQuota, "no more are allowed")
	}
	_, err = m.Credit(ctx, ledger.Entry{
		Account: s.Account, Key: s.Key(), Kind: ledger.KindSlot, Amount: -t.Price(s.MinerType), Pool: s.Pool, Slot: s.Number, MinerType: s.MinerType,
	})
	return err
}

func (m *memory) balance(account string) money.Amount {
	a, _ := m.Account(context.Background(), account)
	return a.Balance
}

// allowed is a quota of so many miners for everybody.
type allowed int64

func (n allowed) Miners(context.Context, string) (int64, error) {
	if n < 0 {
		return 0, fault.New(fault.Busy, "StoreAway", "away")
	}
	return int64(n), nil
}

// shelf is a store of documents that can be away.
type shelf[T any] struct {
	mu   sync.Mutex
	docs map[string]T
	away bool
}

func (s *shelf[T]) Get(_ context.Context, id string) (*T, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.away {
		return nil, fault.New(fault.Busy, "StoreAway", "away")
	}
	if doc, ok := s.docs[id]; ok {
		return &doc, nil
	}
	return nil, fault.New(fault.Missing, "NotFound", "%q is not there", id)
}

func (s *shelf[T]) Put(_ context.Context, id string, doc *T) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.away {
		return fault.New(fault.Busy, "StoreAway", "away")
	}
	s.docs[id] = *doc
	return nil
}

func (s *shelf[T]) Set(_ context.Context, id string, fields bson.D) (bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	doc, there := s.docs[id]
	if s.away {
		return false, fault.New(fault.Busy, "StoreAway", "away")
	}
	change, err := bson.Marshal(fields)
	if err == nil && there {
		err = bson.Unmarshal(change, &doc)
		s.docs[id] = doc
	}
	return there, err
}

func keyOf(seed byte) ed25519.PrivateKey {
	return ed25519.NewKeyFromSeed(bytes.Repeat([]byte{seed}, ed25519.SeedSize))
}

func publicOf(seed byte) block.PublicKey {
	var k block.PublicKey
	copy(k[:], keyOf(seed).Public().(ed25519.PublicKey))
	return k
}

// grow mines n blocks on top of blocks, signed by the key of that seed. Late stamps keep the targets easy.
func grow(p block.Params, blocks []block.Block, n int, seed byte) []block.Block {
	past := block.Window{blocks[0].Mark()}
	for _, b := range blocks[1:] {
		past = past.Next(b.Mark())
	}
	grown := append([]block.Block(nil), blocks...)
	for range n {
		b := mine(p, past, seed)
		grown, past = append(grown, b), past.Next(b.Mark())
	}
	return grown
}

func mine(p block.Params, past block.Window, seed byte) block.Block {
	parent := past.Parent()
	puzzle := block.NewPuzzle(block.Header{
		Version: block.Version, ChainID: p.ChainID, Index: parent.Index + 1, PreviousHash: parent.Hash,
		DataRoot: block.DataRoot(""), Timestamp: parent.Timestamp + 6, Target: block.NextTarget(p, past),
		Address: "user-a", PublicKey: publicOf(seed),
	})
	for nonce := uint64(0); ; nonce++ {
		if puzzle.Try(nonce) {
			return block.Seal(puzzle.Solved(nonce), "", keyOf(seed))
		}
	}
}

// mined is a chain of 40 blocks of one miner, mined once for all tests.
var mined = sync.OnceValues(func() (block.Params, []block.Block) {
	p := block.Params{ChainID: "uid-harbor", Time: noon.Add(-time.Hour), Interval: time.Second}
	return p, grow(p, []block.Block{block.Genesis(p)}, 40, 1)
})

// prefix is the first n blocks after genesis.
func prefix(n int) []block.Block {
	_, blocks := mined()
	return blocks[:n+1]
}

func chainObject(name string) *v1beta1.Chain {
	p, _ := mined()
	return &v1beta1.Chain{
		ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: "user-a", UID: types.UID(p.ChainID), CreationTimestamp: metav1.NewTime(p.Time)},
		Spec:       v1beta1.ChainSpec{MinMineIntervalSeconds: 1},
	}
}

// chainNodes serves each chain's blocks by name, as its node does.
type chainNodes struct {
	mu     sync.Mutex
	blocks map[string][]block.Block
	asked  int
	hang   map[string]chan struct{}
	status int // answered instead, unless 0
}

func (n *chainNodes) set(name string, blocks []block.Block) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.blocks[name] = blocks
}

func (n *chainNodes) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	name := strings.Split(r.URL.Path, "/")[1]
	n.mu.Lock()
	n.asked++
	blocks, hang, status := n.blocks[name], n.hang[name], n.status
	n.mu.Unlock()
	if hang != nil {
		<-hang
	}
	if status != 0 || blocks == nil {
		w.WriteHeader(max(status, http.StatusServiceUnavailable))
		return
	}
	from, _ := strconv.Atoi(r.URL.Query().Get("from"))
	limit, _ := strconv.Atoi(r.URL.Query().Get("limit"))
	from = min(from, len(blocks))
	_ = json.NewEncoder(w).Encode(blocks[from:min(from+limit, len(blocks))])
}

// town is a payroll with one paid miner, of seed 1, on the chain harbor.
type town struct {
	nodes   *chainNodes
	book    *memory
	signers *shelf[signer]
	cursors *shelf[cursor]
	payroll payroll
}

func newTown(t *testing.T) *town {
	t.Helper()
	p, _ := mined()
	w := &town{
		nodes: &chainNodes{blocks: map[string][]block.Block{}, hang: map[string]chan struct{}{}}, book: newMemory(),
		signers: &shelf[signer]{docs: map[string]signer{publicOf(1).String(): {PublicKey: publicOf(1).String(), Account: "user-a", ChainID: p.ChainID, Pool: "pool", Slot: 2}}},
		cursors: &shelf[cursor]{docs: map[string]cursor{}},
	}
	server := httptest.NewServer(w.nodes)
	t.Cleanup(server.Close)
	w.payroll = payroll{
		nodes: nodes{chainnode.Nodes{HTTP: server.Client(), Pattern: server.URL + "/%s/%s"}}, book: w.book.open, signers: w.signers,
		cursors: w.cursors, confirmations: 3, rate: 1000 * money.OX, now: func() time.Time { return noon },
	}
	return w
}

// worth is what the blocks earn at the town's rate.
func worth(blocks []block.Block) (sum money.Amount) {
	for _, b := range blocks {
		if b.Index > 0 {
			sum += money.Reward(block.ExpectedHashes(b.Target), 1000*money.OX)
		}
	}
	return sum
}

func silence() *slog.Logger { return slog.New(slog.DiscardHandler) }
