// Package reconciler turns desired state into running nodes: the loops of Chain, MinerSet and Miner. Beside the
// nodes themselves it is the one part of the platform that never sleeps.
//
// Each loop is a pass over one object: observe, decide, act, tell. A pass never waits; what it cannot finish now,
// an event or a set time brings back. A pass over a settled world writes nothing.
package reconciler

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"k8s.io/client-go/rest"

	"onex.io/onex/shared/minertype"
	"onex.io/onex/shared/telemetry"
)

// SlotBuyer pays for the places in which miners stand. The same Slot may be bought again and costs nothing then.
// An error of kind fault.Exhausted says that money or quota is short; any other that the wallet cannot be asked.
type SlotBuyer interface {
	BuySlot(ctx context.Context, slot Slot) error
}

// Slot is a place in a pool of miners, for one type of miner.
type Slot struct {
	// Namespace is the user who pays.
	Namespace string
	// Pool is the uid of the MinerSet, or of a Miner that stands alone.
	Pool string
	// Number counts the slots of a pool from 0.
	Number int32
	// MinerType sets the price.
	MinerType string
	// ChainID is the uid of the chain that is mined from the slot.
	ChainID string
	// PublicKey signs the blocks mined from the slot, in hex.
	PublicKey string
}

// Options are what a reconciler needs.
type Options struct {
	// Config finds the object API.
	Config *rest.Config
	// Nodes finds the cluster in which pods run, unless it is the one of Config.
	Nodes *rest.Config
	// Buyer pays for slots.
	Buyer SlotBuyer
	// Scalers is how MinerSets that scale themselves are measured.
	Scalers Scalers
	// Types is the price list. The zero one is the built-in.
	Types minertype.Catalog
	// Image of the chain nodes.
	Image string
	// ChainsPerUser is how many chains of one user get a node; default 5.
	ChainsPerUser int
	// Sink is where nodes send their events; empty means nowhere.
	Sink string
	// Telemetry is told of passes; nobody is without it. Whoever made it closes it.
	Telemetry *telemetry.Telemetry
	// Collector and TraceRatio are for the nodes, as in shared/config.
	Collector  string
	TraceRatio float64
	// HealthAddr, host:port, serves /healthz and /readyz; empty means nowhere.
	HealthAddr string
	// LeaderElection, unless nil, lets one of several reconcilers work and the others stand by.
	LeaderElection *LeaderElection
	// Logger gets what is decided; the default one without it.
	Logger *slog.Logger
	// Clock tells the time; the wall clock without it.
	Clock func() time.Time
}

// LeaderElection is how reconcilers agree on who works.
type LeaderElection struct {
	// Namespace of the Lease.
	Namespace string
	// Identity of this reconciler among the others, such as its pod's name.
	Identity string
}

func (o Options) withDefaults() (Options, error) {
	if o.Config == nil || o.Buyer == nil || o.Image == "" {
		return o, errors.New("reconciler: config, buyer and image must be set")
	}
	if len(o.Types.List()) == 0 {
		o.Types = minertype.Default()
	}
	if o.ChainsPerUser == 0 {
		o.ChainsPerUser = 5
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	if o.Clock == nil {
		o.Clock = time.Now
	}
	return o, nil
}
