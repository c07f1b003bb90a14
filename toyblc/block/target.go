package block

import "math/big"

const (
	// nominalRate is the hash rate in H/s for which a new chain is tuned. A
	// small miner (4 % of one CPU at some 5 MH/s) does twice that or more, so the
	// first blocks come early rather than late and the rule below soon corrects.
	nominalRate = 100_000

	// memory is N of the rule below: how many intervals of evidence it takes to
	// move the target by a factor of e. 16 follows a doubled or halved crowd of
	// miners within a dozen blocks; much less makes the target jump with the luck
	// of single blocks (their times are exponentially distributed).
	memory = 16

	// maxStep is the longest block time, in intervals, that one adjustment
	// believes. An honest block takes longer than that once in e^6 = 400 blocks;
	// a chain that stood idle for a night does not come back trivial.
	maxStep = 6

	// maxTargetBits sets the easiest target, 2^244 − 1: 4096 expected hashes. That
	// is a few milliseconds of work for the smallest miner, so that even an
	// abandoned chain cannot be flooded for nothing.
	maxTargetBits = 244
)

// MaxTarget is the easiest target that the rules allow.
func MaxTarget() Target {
	return fromBig(new(big.Int).Sub(new(big.Int).Lsh(big.NewInt(1), maxTargetBits), big.NewInt(1)))
}

// ExpectedHashes is the number of hashes that finding a block at this target
// takes on average, 2^256/(target+1): the block's work in fork choice and the
// measure by which it is paid.
func ExpectedHashes(t Target) *big.Int {
	space := new(big.Int).Lsh(big.NewInt(1), 256)
	return space.Quo(space, new(big.Int).Add(t.big(), big.NewInt(1)))
}

// NextTarget is the target that the block after past must carry (WTEMA, a
// moving average weighted by target):
//
//	next = target * (N*T + clamp(dt, -6T, 6T) - T) / (N*T),   N = 16
//
// target is the parent's, T the interval, dt the time from grandparent to
// parent. A dt below zero counts as what it is: miners' clocks differ by
// seconds, and were those steps cut at zero, alternating fast and slow stamps
// would push the target up for ever.
//
// The genesis time says when the chain was created and not when somebody began
// to mine it. Therefore the time from genesis to block 1 is no evidence, and
// blocks 1 and 2 both carry the genesis target.
//
// Within 64 blocks the interval is back to what it should be, be it that the
// chain is new or that its crowd has grown or shrunk, even fiftyfold.
func NextTarget(p Params, past Window) Target {
	parent := past.Parent()
	if parent.Index < 2 {
		return parent.Target
	}
	interval := p.seconds()
	dt := parent.Timestamp - past.grandparent().Timestamp
	dt = max(-maxStep*interval, min(dt, maxStep*interval))
	next := parent.Target.big()
	next.Mul(next, big.NewInt(memory*interval+dt-interval))
	next.Quo(next, big.NewInt(memory*interval))
	return bounded(next)
}

func initialTarget(p Params) Target {
	space := new(big.Int).Lsh(big.NewInt(1), 256)
	hashes := new(big.Int).Mul(big.NewInt(p.seconds()), big.NewInt(nominalRate))
	return bounded(space.Quo(space, hashes))
}

func bounded(t *big.Int) Target {
	easiest := MaxTarget()
	if t.Cmp(easiest.big()) > 0 {
		return easiest
	}
	if t.Sign() <= 0 {
		t = big.NewInt(1) // far below anything minable; a zero could never grow again
	}
	return fromBig(t)
}

func (t Target) big() *big.Int { return new(big.Int).SetBytes(t[:]) }

func fromBig(n *big.Int) Target {
	var t Target
	n.FillBytes(t[:])
	return t
}
