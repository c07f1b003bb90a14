package block_test

import (
	"math"
	"math/big"
	"math/rand/v2"
	"testing"
	"time"

	"onex.io/onex/toyblc/block"
)

func hashes(t block.Target) float64 {
	f, _ := new(big.Float).SetInt(block.ExpectedHashes(t)).Float64()
	return f
}

func TestInitialTargetIsTheIntervalAtTheNominalRate(t *testing.T) {
	for _, r := range []struct {
		name     string
		interval time.Duration
		want     float64
	}{
		{"one second is 100 000 hashes", time.Second, 1e5},
		{"a minute is six million hashes", time.Minute, 6e6},
		{"two hours are 720 million hashes", 2 * time.Hour, 7.2e8},
	} {
		t.Run(r.name, func(t *testing.T) {
			p := params()
			p.Interval = r.interval
			if got := hashes(block.Genesis(p).Target); math.Abs(got/r.want-1) > 1e-4 {
				t.Fatalf("expects %g hashes, want %g", got, r.want)
			}
		})
	}
}

func TestExpectedHashes(t *testing.T) {
	ones := block.Target{}
	for i := range ones {
		ones[i] = 0xff
	}
	for _, r := range []struct {
		name   string
		target block.Target
		want   *big.Int
	}{
		{"every hash is within the greatest number", ones, big.NewInt(1)},
		{"the easiest target takes 2^12", block.MaxTarget(), big.NewInt(4096)},
		{"target zero allows one hash in 2^256", block.Target{}, new(big.Int).Lsh(big.NewInt(1), 256)},
	} {
		t.Run(r.name, func(t *testing.T) {
			if got := block.ExpectedHashes(r.target); got.Cmp(r.want) != 0 {
				t.Fatalf("expects %s hashes, want %s", got, r.want)
			}
		})
	}
}

// after is a window whose parent came dt seconds after its grandparent.
func after(index, dt int64, target block.Target) block.Window {
	return block.Window{
		{Index: index - 1, Timestamp: 10_000, Target: target},
		{Index: index, Timestamp: 10_000 + dt, Target: target},
	}
}

func TestNextTargetFollowsTheLastBlockTime(t *testing.T) {
	p := params()
	p.Interval = 10 * time.Second
	start := block.Genesis(p).Target
	for _, r := range []struct {
		name  string
		index int64
		dt    int64
		want  float64 // factor on the target
	}{
		{"a block on time changes nothing", 5, 10, 1},
		{"a block at once makes the next one 1/16 harder", 5, 0, 15. / 16},
		{"a block twice as late makes the next one 1/16 easier", 5, 20, 17. / 16},
		{"an idle hour counts as six intervals", 5, 3600, 21. / 16},
		{"a time before the grandparent's counts as negative", 5, -10, 14. / 16},
		{"a time long before it counts as six intervals", 5, -3600, 9. / 16},
		{"block 2 keeps the genesis target though genesis is an hour old", 1, 3600, 1},
		{"block 3 is the first to follow a block time", 2, 20, 17. / 16},
	} {
		t.Run(r.name, func(t *testing.T) {
			got := hashes(start) / hashes(block.NextTarget(p, after(r.index, r.dt, start)))
			if math.Abs(got/r.want-1) > 1e-4 {
				t.Fatalf("target moved by %g, want %g", got, r.want)
			}
		})
	}
}

func TestNextTargetNeverPassesTheEasiest(t *testing.T) {
	got := block.NextTarget(params(), after(5, 3600, block.MaxTarget()))
	if got != block.MaxTarget() {
		t.Fatalf("target is %s, want %s", got, block.MaxTarget())
	}
}

// mineFor lets a crowd of the given hash rate mine n blocks in virtual time and
// returns the mean block time of the last half, in intervals.
func mineFor(p block.Params, w block.Window, rate float64, n int, luck *rand.Rand) (block.Window, float64) {
	now := float64(w.Parent().Timestamp)
	half := now
	for i := range n {
		if i == n/2 {
			half = now
		}
		target := block.NextTarget(p, w)
		now += luck.ExpFloat64() * hashes(target) / rate
		w = w.Next(block.Mark{Index: w.Parent().Index + 1, Timestamp: int64(now), Target: target})
	}
	return w, (now - half) / float64(n-n/2) / p.Interval.Seconds()
}

func TestBlockTimeSettlesAtTheIntervalWhateverTheCrowd(t *testing.T) {
	p := params()
	luck := rand.New(rand.NewPCG(1, 2))
	w := block.Window{block.Genesis(p).Mark()}
	for _, rate := range []float64{4e5, 4e6, 5e4} {
		var mean float64
		w, mean = mineFor(p, w, rate, 2000, luck)
		if mean < 0.9 || mean > 1.1 {
			t.Fatalf("at %g H/s a block takes %.2f intervals, want 1 ± 0.1", rate, mean)
		}
	}
}

// What the rule promises: a chain is back at its interval settled blocks after its
// crowd changed, however it changed. The measure is the mean of the next thousand.
func TestBlockTimeIsBackAtTheIntervalSoonAfterTheCrowdChanged(t *testing.T) {
	const settled = 64
	p := params()
	for _, interval := range []time.Duration{2 * time.Second, time.Minute} {
		p.Interval = interval
		for _, r := range []struct {
			name          string
			before, after float64 // miners of 200 000 H/s
		}{
			{"a new chain", 3, 3},
			{"three miners become five", 3, 5},
			{"one of five is killed", 5, 4},
			{"all but one are killed", 5, 1},
			{"somebody comes with fifty times the power", 5, 255},
			{"and goes again", 255, 5},
		} {
			t.Run(interval.String()+", "+r.name, func(t *testing.T) {
				luck := rand.New(rand.NewPCG(3, 4))
				w := block.Window{block.Genesis(p).Mark()}
				if r.before != r.after {
					w, _ = mineFor(p, w, r.before*2e5, 400, luck)
				}
				w, _ = mineFor(p, w, r.after*2e5, settled, luck)
				from := w.Parent()
				w, _ = mineFor(p, w, r.after*2e5, 1000, luck)
				mean := float64(w.Parent().Timestamp-from.Timestamp) / 1000 / interval.Seconds()
				if mean < 0.93 || mean > 1.07 {
					t.Fatalf("a block takes %.3f intervals, want 1 ± 0.07", mean)
				}
			})
		}
	}
}

// What is asked of the rule: 200 blocks after the power changed tenfold, the mean
// time of a block, over a thousand chains, is within 5 % of the interval.
func TestTheIntervalIsBackAfterThePowerChangedTenfold(t *testing.T) {
	const runs, settled, measured, rate = 1000, 200, 20, 2e5
	p := params()
	p.Interval = time.Minute
	for _, r := range []struct {
		name string
		then float64
	}{{"up", 10 * rate}, {"down", rate / 10}} {
		t.Run(r.name, func(t *testing.T) {
			luck, sum := rand.New(rand.NewPCG(7, 8)), 0.
			for range runs {
				w, _ := mineFor(p, block.Window{block.Genesis(p).Mark()}, rate, settled, luck)
				w, _ = mineFor(p, w, r.then, settled, luck)
				from := w.Parent().Timestamp
				w, _ = mineFor(p, w, r.then, measured, luck)
				sum += float64(w.Parent().Timestamp-from) / measured / p.Interval.Seconds()
			}
			t.Logf("%d blocks after the power went tenfold %s, a block takes %.3f intervals: mean of %d runs", settled, r.name, sum/runs, runs)
			if mean := sum / runs; mean < 0.95 || mean > 1.05 {
				t.Fatalf("a block takes %.3f intervals, want 1 ± 0.05", mean)
			}
		})
	}
}

func TestTheFirstBlocksComeEarly(t *testing.T) {
	p := params()
	for _, interval := range []time.Duration{2 * time.Second, time.Minute, 2 * time.Hour} {
		p.Interval = interval
		luck := rand.New(rand.NewPCG(5, 6))
		took := 0.
		for range 200 {
			w, _ := mineFor(p, block.Window{block.Genesis(p).Mark()}, 3*2e5, 3, luck)
			took += float64(w.Parent().Timestamp-p.Time.Unix()) / 200
		}
		if took > 2*interval.Seconds() {
			t.Fatalf("three miners take %.0f s for three blocks, want less than two intervals of %s", took, interval)
		}
	}
}

// A miner who owns the chain stamps every other block as far ahead as the
// rules let it and the next one back. It must not get easier blocks by that.
func TestAlternatingTimestampsDoNotEaseTheTarget(t *testing.T) {
	p := params()
	w := block.Window{block.Genesis(p).Mark()}
	start := w.Parent().Timestamp
	for i := range int64(400) {
		at := start + 2*(i+1)
		if i%2 == 0 {
			at += 100
		}
		w = w.Next(block.Mark{Index: i + 1, Timestamp: at, Target: block.NextTarget(p, w)})
	}
	if got, fair := hashes(w.Parent().Target), hashes(block.Genesis(p).Target); got < fair/2 {
		t.Fatalf("a block takes %g hashes, want at least %g", got, fair/2)
	}
}
