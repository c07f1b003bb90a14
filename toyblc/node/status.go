package node

import (
	"math/big"
	"net/http"

	"onex.io/onex/shared/fault"
	"onex.io/onex/toyblc/block"
	"onex.io/onex/toyblc/chain"
	"onex.io/onex/toyblc/store"
)

// Status is the answer of GET /v1/status: the chain as this node sees it, then
// the node itself.
type Status struct {
	ChainID         string       `json:"chainID"`
	Genesis         block.Hash   `json:"genesis"`
	IntervalSeconds int64        `json:"intervalSeconds"`
	Height          int64        `json:"height"`
	Head            block.Hash   `json:"head"`
	HeadTime        int64        `json:"headTime"`      // unix seconds
	Work            string       `json:"work"`          // expected hashes since genesis, decimal
	Target          block.Target `json:"target"`        // that the next block must meet
	Difficulty      float64      `json:"difficulty"`    // expected hashes of the next block
	ChainHashRate   float64      `json:"chainHashRate"` // of all miners together, per second, estimated from the last blocks

	Peers     int             `json:"peers"`
	Synced    bool            `json:"synced"`
	Waiting   int             `json:"waiting"`  // posted texts not mined yet
	Mining    bool            `json:"mining"`   // searches a nonce now
	HashRate  float64         `json:"hashRate"` // of the own miner, per second
	Hashes    uint64          `json:"hashes"`   // of the own miner, since it started
	Mined     int64           `json:"mined"`    // blocks that the own miner found since it started
	Won       int64           `json:"won"`      // blocks on the main chain that are signed by the own key
	PublicKey block.PublicKey `json:"publicKey,omitzero"`
	Address   string          `json:"address,omitempty"`
}

func (n *Node) getStatus(w http.ResponseWriter, _ *http.Request) error {
	s := n.status.Load()
	out := Status{
		ChainID: n.cfg.Params.ChainID, Genesis: n.genesis, IntervalSeconds: int64(n.cfg.Params.Interval.Seconds()),
		Height: s.Height, Head: s.Head, HeadTime: s.HeadTime, Work: s.Work.Big().String(),
		Target: s.Next, Difficulty: difficulty(s), ChainHashRate: s.Rate,
		Peers: s.Peers, Synced: s.Synced, Waiting: s.Waiting, Mining: s.Mining,
	}
	if err := n.ownStatus(&out); err != nil {
		return n.unreadable(err)
	}
	return writeJSON(w, http.StatusOK, out)
}

// ownStatus fills in what only a miner has.
func (n *Node) ownStatus(s *Status) (err error) {
	if n.miner == nil {
		return nil
	}
	s.HashRate, s.Hashes = n.miner.HashRate()
	s.Mined, s.PublicKey, s.Address = n.mined.Load(), n.miner.PublicKey(), n.cfg.Address
	s.Won, err = store.Won(n.store, s.PublicKey)
	return err
}

func difficulty(s *chain.Status) float64 {
	f, _ := new(big.Float).SetInt(block.ExpectedHashes(s.Next)).Float64()
	return f
}

const (
	maxSigners = 1000
	maxKeys    = 100
)

// Signer is one line of the answer of GET /v1/signers.
type Signer struct {
	PublicKey block.PublicKey `json:"publicKey"`
	Blocks    int64           `json:"blocks"` // on the main chain
}

// getSigners tells who signed how many blocks of the main chain: those whose
// keys are asked for, or all in the order of their keys, page by page.
func (n *Node) getSigners(w http.ResponseWriter, r *http.Request) error {
	keys := r.URL.Query()["key"]
	if len(keys) > 0 {
		return n.signersOf(w, keys)
	}
	limit, err := queryNumber(r, "limit", maxSigners)
	if err != nil {
		return err
	}
	from, err := parseKey("from", r.URL.Query().Get("from"))
	if err != nil {
		return err
	}
	found, err := n.store.Signers(from, int(min(limit, maxSigners)))
	if err != nil {
		return n.unreadable(err)
	}
	out := make([]Signer, len(found))
	for i, s := range found {
		out[i] = Signer{PublicKey: s.Key, Blocks: s.Blocks}
	}
	return writeJSON(w, http.StatusOK, out)
}

// signersOf answers in the order of the question, 0 for a key without blocks.
func (n *Node) signersOf(w http.ResponseWriter, keys []string) error {
	if len(keys) > maxKeys {
		return fault.Field("key", "%d keys, at most %d are allowed", len(keys), maxKeys)
	}
	out := make([]Signer, len(keys))
	for i, text := range keys {
		key, err := parseKey("key", text)
		if err != nil {
			return err
		}
		won, err := store.Won(n.store, key)
		if err != nil {
			return n.unreadable(err)
		}
		out[i] = Signer{PublicKey: key, Blocks: won}
	}
	return writeJSON(w, http.StatusOK, out)
}

// parseKey reads a public key; an empty text is the least one.
func parseKey(field, text string) (key block.PublicKey, err error) {
	if text == "" {
		return key, nil
	}
	if key.UnmarshalText([]byte(text)) != nil {
		return key, fault.Field(field, "must be a public key of 64 hex digits")
	}
	return key, nil
}
