package block

import (
	"fmt"
	"strings"
	"time"
)

// Params are the facts from which every node of a chain derives the same
// genesis block and the same rules.
type Params struct {
	// ChainID is the uid of the Chain object.
	ChainID string
	// Time is when the Chain object was created; whole seconds count.
	Time time.Time
	// Interval is the mean time between blocks that the difficulty aims at, in
	// whole seconds.
	Interval time.Duration
}

// Validate reports what makes the parameters unusable.
func (p Params) Validate() error {
	switch {
	case p.ChainID == "" || len(p.ChainID) > MaxChainID:
		return broken(BadParams, 0, "the chain id has %d bytes, want 1 to %d", len(p.ChainID), MaxChainID)
	case p.Time.Unix() <= 0:
		return broken(BadParams, 0, "the genesis time %d is not after 1970", p.Time.Unix())
	case p.Interval < time.Second || p.Interval%time.Second != 0:
		return broken(BadParams, 0, "the interval %s is not a whole number of seconds from 1", p.Interval)
	}
	return nil
}

func (p Params) seconds() int64 { return int64(p.Interval / time.Second) }

// Genesis is the first block of a chain. Nobody mined it: it has no proof, no
// address and no signature. Its data repeats the interval, so that two nodes
// that would enforce different intervals differ in the genesis hash already.
func Genesis(p Params) Block {
	data := fmt.Sprintf(genesisText, p.ChainID, p.Interval)
	h := Header{
		Version:   Version,
		ChainID:   p.ChainID,
		DataRoot:  DataRoot(data),
		Timestamp: p.Time.Unix(),
		Target:    initialTarget(p),
	}
	return Block{Header: h, Data: data, Hash: h.Hash()}
}

// genesisText is the data of a genesis block, for chain id and interval.
const genesisText = "genesis of chain %s, one block per %s"

// ParamsOf reads the parameters of a chain from its genesis block, and wants the
// block to be what they make.
func ParamsOf(genesis Block) (Params, error) {
	p := Params{ChainID: genesis.ChainID, Time: genesis.Time()}
	interval, ok := strings.CutPrefix(genesis.Data, fmt.Sprintf(genesisText, p.ChainID, ""))
	var err error
	if p.Interval, err = time.ParseDuration(interval); err != nil || !ok {
		return p, broken(WrongGenesis, genesis.Index, "its data does not tell the interval: %.80q", genesis.Data)
	}
	if err := p.Validate(); err != nil {
		return p, err
	}
	return p, CheckGenesis(p, genesis)
}

// CheckGenesis reports whether b is the one genesis block of the chain.
func CheckGenesis(p Params, b Block) error {
	if want := Genesis(p); b != want {
		return broken(WrongGenesis, b.Index, "genesis is %s, want %s", b.Hash, want.Hash)
	}
	return nil
}
