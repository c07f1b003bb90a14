package chain_test

import (
	"math"
	"math/big"
	"os"
	"strconv"
	"testing"
	"time"

	"onex.io/onex/toyblc/block"
)

// incomeBlocks is how many blocks the shares are taken over: a few hundred, or what TOYBLC_BLOCKS says.
func incomeBlocks(t *testing.T) int {
	t.Helper()
	text := os.Getenv("TOYBLC_BLOCKS")
	if text == "" {
		return 300
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		t.Fatalf("TOYBLC_BLOCKS: %q is no number above 0", text)
	}
	return n
}

// A miner's share of all that is paid, each block by its expected hashes, is its share of the hash power, though news
// takes a while from one to the other and the difficulty follows the crowd.
func TestSharesOfIncomeAreSharesOfPower(t *testing.T) {
	w := newWorld(t, 3)
	w.params.Interval = 10 * time.Second // of which a message takes a small part, as in a real chain
	const settled = 60                   // blocks until the difficulty has come down to this small crowd
	first := w.add("first", true, 0)
	power := map[string]float64{"one": 50, "two": 100, "three": 150, "five": 250}
	all := 0.0
	for _, name := range []string{"one", "two", "three", "five"} {
		w.connect(w.add(name, false, power[name]), first)
		all += power[name]
	}
	want := incomeBlocks(t)
	for int(first.machine.Status().Height) < settled+want {
		w.run(10 * time.Minute)
	}
	income, total, squares := map[string]float64{}, 0.0, 0.0
	for _, b := range w.rest()[settled:] {
		hashes, _ := new(big.Float).SetInt(block.ExpectedHashes(b.Target)).Float64()
		income[b.Address] += hashes
		total, squares = total+hashes, squares+hashes*hashes
	}
	for name, rate := range power {
		share, got := rate/all, income[name]/total
		sigma := math.Sqrt(squares*share*(1-share)) / total
		if math.Abs(got-share) > 3*sigma {
			t.Errorf("%s has %.3f of the power and %.3f of the income; sigma is %.3f", name, share, got, sigma)
		}
		t.Logf("%s has %.3f of the power and %.3f of the income of %d blocks; sigma is %.3f", name, share, got, want, sigma)
	}
}
