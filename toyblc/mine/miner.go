package mine

import (
	"context"
	"crypto/ed25519"
	"fmt"
	"runtime"
	"time"

	"onex.io/onex/toyblc/block"
	"onex.io/onex/toyblc/chain"
)

const (
	slice = 50 * time.Millisecond
	// batch is how many nonces are tried between two looks at the clock: about a
	// tenth of a millisecond.
	batch = 1024
)

// Options describe a miner.
type Options struct {
	// Key signs what is found.
	Key ed25519.PrivateKey
	// Share is the part of one CPU that the node may use, above 0 and at most 1;
	// HashPart of it is spent.
	Share float64
	// Found takes a complete block. It must return when ctx ends.
	Found func(ctx context.Context, b block.Block)
}

// Miner searches for one block at a time. Its methods may be called from
// anywhere; Run once.
type Miner struct {
	opts  Options
	work  chan *chain.Mine // newest work only; nil means rest
	meter meter

	idleUntil time.Time // of Run alone
}

// New makes a miner that rests.
func New(o Options) (*Miner, error) {
	if !(o.Share > 0 && o.Share <= 1) {
		return nil, fmt.Errorf("miner share %g: must be above 0 and at most 1", o.Share)
	}
	if len(o.Key) != ed25519.PrivateKeySize {
		return nil, fmt.Errorf("miner key: %d bytes, want %d", len(o.Key), ed25519.PrivateKeySize)
	}
	return &Miner{opts: o, work: make(chan *chain.Mine, 1)}, nil
}

// PublicKey is the key that a block's header must name.
func (m *Miner) PublicKey() (k block.PublicKey) {
	copy(k[:], m.opts.Key.Public().(ed25519.PublicKey))
	return k
}

// Set replaces the work at once; nil is rest. There is one caller at a time.
func (m *Miner) Set(w *chain.Mine) {
	select {
	case <-m.work:
	default:
	}
	m.work <- w
}

// HashRate is in hashes per second over the last seconds; total counts since
// the start.
func (m *Miner) HashRate() (rate float64, total uint64) { return m.meter.read(time.Now()) }

// Run mines until ctx ends. It keeps its thread, whose CPU time it counts.
func (m *Miner) Run(ctx context.Context) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	var next *chain.Mine
	for ctx.Err() == nil {
		if next == nil {
			select {
			case <-ctx.Done():
			case next = <-m.work:
			}
			continue
		}
		var solved *block.Block
		if solved, next = m.search(ctx, *next); solved != nil {
			m.opts.Found(ctx, *solved)
		}
	}
}

// search tries nonces until it finds a block, newer work comes or ctx ends.
func (m *Miner) search(ctx context.Context, w chain.Mine) (*block.Block, *chain.Mine) {
	puzzle, nonce := block.NewPuzzle(w.Header), uint64(0)
	for {
		if newer, stop := m.pause(ctx); stop {
			return nil, newer
		}
		if m.spend(puzzle, &nonce) {
			b := block.Seal(puzzle.Solved(nonce), w.Data, m.opts.Key)
			return &b, nil
		}
	}
}

// spend hashes for one budget, and notes until when it must pay for that by
// idling. It reports whether nonce is a solution.
func (m *Miner) spend(puzzle *block.Puzzle, nonce *uint64) (found bool) {
	t := throttle{share: HashPart * m.opts.Share, slice: slice}
	first, start, begin := *nonce, time.Now(), cpuTime()
	busy := time.Duration(0)
	for !found && busy < t.budget() && len(m.work) == 0 { // newer work is not kept waiting
		for range batch {
			if found = puzzle.Try(*nonce); found {
				break
			}
			*nonce++
		}
		busy = cpuTime() - begin
	}
	m.idleUntil = start.Add(busy + t.pause(busy))
	m.meter.add(time.Now(), *nonce-first)
	return found
}

// pause idles as long as is due and reports whether newer work came or ctx
// ended meanwhile. What is still due then stays due.
func (m *Miner) pause(ctx context.Context) (newer *chain.Mine, stop bool) {
	timer := time.NewTimer(time.Until(m.idleUntil))
	defer timer.Stop()
	select {
	case newer = <-m.work:
		return newer, true
	case <-ctx.Done():
		return nil, true
	case <-timer.C:
	}
	select { // a timer that is due at once may win over work that waits
	case newer = <-m.work:
		return newer, true
	default:
		return nil, ctx.Err() != nil
	}
}
