//go:build !race

package mine

import (
	"crypto/sha256"
	"encoding/binary"
	"runtime"
	"testing"
	"time"

	"onex.io/onex/toyblc/block"
)

// headerSize is what a header is hashed as, in bytes.
const headerSize = 220

// race hashes for some rounds, in turns with a loop that does nothing but sha256, on one thread, and tells
// the hashes per second of that thread's CPU time of each.
func race(t testing.TB, rounds int) (search, bare float64) {
	t.Helper()
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	m, err := New(Options{Key: key(), Share: 0.2})
	if err != nil {
		t.Fatal(err)
	}
	puzzle, nonce := block.NewPuzzle(impossible().Header), uint64(0)
	var searching, looping time.Duration
	looped := uint64(0)
	for range rounds {
		began := cpuTime()
		m.spend(puzzle, &nonce)
		turned := cpuTime()
		loop(nonce - looped)
		looped = nonce
		searching, looping = searching+turned-began, looping+cpuTime()-turned
	}
	return float64(nonce) / searching.Seconds(), float64(nonce) / looping.Seconds()
}

// loop is sha256 over n headers that differ in the nonce.
func loop(n uint64) (all byte) {
	var header [headerSize]byte
	for i := range n {
		binary.BigEndian.PutUint64(header[headerSize-8:], i)
		sum := sha256.Sum256(header[:])
		all |= sum[0]
	}
	return all
}

func TestMeasuredSearchIsNoSlowerThanBareSHA256(t *testing.T) {
	search, bare := race(t, 50)
	t.Logf("%.2f MH/s of one CPU, %.2f times a bare loop", search/1e6, search/bare)
	if search < 0.95*bare {
		t.Fatalf("%.0f hashes per second, %.2f times the %.0f of a bare loop, want 0.95 at least", search, search/bare, bare)
	}
}

func BenchmarkSearch(b *testing.B) {
	var search, bare float64
	for b.Loop() {
		search, bare = race(b, 20)
	}
	b.ReportMetric(search/1e6, "MH/s")
	b.ReportMetric(search/bare, "x-bare")
	b.ReportMetric(0, "ns/op")
}
