package mine

import (
	"context"
	"crypto/ed25519"
	"math"
	"runtime"
	"strings"
	"testing"
	"time"

	"onex.io/onex/toyblc/block"
	"onex.io/onex/toyblc/chain"
)

func key() ed25519.PrivateKey {
	return ed25519.NewKeyFromSeed([]byte(strings.Repeat("k", ed25519.SeedSize)))
}

func TestThrottleFollowsWhatWasMeasured(t *testing.T) {
	for _, r := range []struct {
		name  string
		share float64
		busy  time.Duration
		want  time.Duration
	}{
		{"5 % rests nineteen times as long", 0.05, time.Millisecond, 19 * time.Millisecond},
		{"a budget overrun is paid for", 0.05, 10 * time.Millisecond, 190 * time.Millisecond},
		{"a quarter rests three times as long", 0.25, 5 * time.Millisecond, 15 * time.Millisecond},
		{"a whole CPU never rests", 1, 20 * time.Millisecond, 0},
		{"who did nothing need not rest", 0.05, 0, 0},
	} {
		t.Run(r.name, func(t *testing.T) {
			got := throttle{share: r.share, slice: slice}.pause(r.busy)
			if d := got - r.want; d.Abs() > time.Microsecond {
				t.Fatalf("pause is %s, want %s", got, r.want)
			}
		})
	}
}

func TestMeterSmoothsAndForgets(t *testing.T) {
	var m meter
	now := time.Unix(1000, 0)
	m.add(now, 0)
	for range 600 {
		now = now.Add(100 * time.Millisecond)
		m.add(now, 50)
	}
	if rate, total := m.read(now); math.Abs(rate-500) > 5 || total != 30_000 {
		t.Fatalf("rate %g after %d hashes, want 500 after 30000", rate, total)
	}
	if rate, _ := m.read(now.Add(time.Minute)); rate > 5 {
		t.Fatalf("rate is %g a minute after the last hash, want next to nothing", rate)
	}
}

func TestSlicesPayForTheCPUTimeThatTheyTook(t *testing.T) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	m := newMiner(t, nil)
	puzzle, nonce := block.NewPuzzle(impossible().Header), uint64(0)
	kept := 0
	for range 20 {
		begin, before := time.Now(), cpuTime()
		if m.spend(puzzle, &nonce) {
			t.Fatal("solved what cannot be solved")
		}
		busy := cpuTime() - before
		if due := m.idleUntil.Sub(begin); due > 23*busy && due < 27*busy {
			kept++
		}
	}
	if kept < 18 { // a look at the clock may come late
		t.Fatalf("%d of 20 slices were busy for 4 %% of the time, which is 80 %% of a twentieth, want most", kept)
	}
}

func newMiner(t *testing.T, found func(context.Context, block.Block)) *Miner {
	t.Helper()
	m, err := New(Options{Key: key(), Share: 0.05, Found: found})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func template(target block.Target) chain.Mine {
	g := block.Genesis(block.Params{ChainID: "c", Time: time.Unix(1_800_000_000, 0), Interval: time.Second})
	h := g.Header
	h.Index, h.PreviousHash, h.Target, h.Address = 1, g.Hash, target, "user-a"
	copy(h.PublicKey[:], key().Public().(ed25519.PublicKey))
	return chain.Mine{Header: h, Data: g.Data}
}

func impossible() chain.Mine { return template(block.Target{}) }

func running(t *testing.T) (m *Miner, found chan block.Block, stopped chan struct{}, stop func()) {
	t.Helper()
	found, stopped = make(chan block.Block, 16), make(chan struct{})
	m = newMiner(t, func(_ context.Context, b block.Block) { found <- b })
	ctx, cancel := context.WithCancel(t.Context())
	go func() { m.Run(ctx); close(stopped) }()
	return m, found, stopped, cancel
}

func TestAFoundBlockKeepsTheRules(t *testing.T) {
	m, found, _, _ := running(t)
	work := template(block.MaxTarget())
	m.Set(&work)
	b := <-found
	if err := block.CheckProof(b); err != nil {
		t.Fatal(err)
	}
	if err := block.CheckSignature(b); err != nil {
		t.Fatal(err)
	}
	if err := block.CheckData(b); err != nil {
		t.Fatal(err)
	}
	if b.PublicKey != m.PublicKey() {
		t.Fatalf("signed by %s, want %s", b.PublicKey, m.PublicKey())
	}
}

func TestNewWorkReplacesTheOldAtOnce(t *testing.T) {
	m, found, _, _ := running(t)
	hard, easy := impossible(), template(block.MaxTarget())
	m.Set(&hard)
	deadline := time.Now().Add(10 * time.Second)
	for _, total := m.HashRate(); total == 0; _, total = m.HashRate() {
		if time.Now().After(deadline) {
			t.Fatal("does not hash")
		}
		time.Sleep(time.Millisecond)
	}
	m.Set(&easy)
	select {
	case <-found:
	case <-time.After(10 * time.Second):
		t.Fatal("goes on with the old work")
	}
}

func TestAMinerStopsAtRestAndAtWork(t *testing.T) {
	for name, work := range map[string]*chain.Mine{"at rest": nil, "at work": ptr(impossible())} {
		t.Run(name, func(t *testing.T) {
			m, _, stopped, stop := running(t)
			m.Set(work)
			stop()
			select {
			case <-stopped:
			case <-time.After(10 * time.Second):
				t.Fatal("still runs")
			}
		})
	}
}

func ptr(m chain.Mine) *chain.Mine { return &m }

func TestAMinerThatCannotWorkIsRefused(t *testing.T) {
	for name, o := range map[string]Options{
		"no share":          {Key: key()},
		"a negative share":  {Key: key(), Share: -1},
		"more than one CPU": {Key: key(), Share: 1.1},
		"no number":         {Key: key(), Share: math.NaN()},
		"no key":            {Share: 0.5},
	} {
		if _, err := New(o); err == nil {
			t.Errorf("%s is accepted", name)
		}
	}
}
