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

// Who has a share of the power finds that share of the blocks: the chi-square of
// what was found against what was to be expected has a probability of 1 % or more.
// The seed is always the same, so that luck cannot fail it.
func TestBlocksArriveInProportionToPower(t *testing.T) {
	w := newWorld(t, 11)
	w.params, w.old, w.keep = simParams(), beginning(), 200
	w.now = time.Unix(w.old[len(w.old)-1].Block.Timestamp, 0)
	first := w.add("first", true, 0)
	power, all := map[string]float64{"one": 40, "two": 80, "three": 120, "five": 200}, 440.0
	for _, name := range []string{"one", "two", "three", "five"} {
		w.connect(w.add(name, false, power[name]), first)
	}
	want := incomeBlocks(t)
	for int(first.machine.Status().Height) < len(w.old)+want {
		w.run(10 * time.Minute)
	}
	found := map[string]int{}
	for _, b := range w.rest()[len(w.old):][:want] {
		found[b.Address]++
	}
	const limit = 11.345 // of chi-square with three degrees of freedom, at p = 0.01
	sum := 0.0
	for name, rate := range power {
		expected := float64(want) * rate / all
		sum += (float64(found[name]) - expected) * (float64(found[name]) - expected) / expected
	}
	t.Logf("of %d blocks %v were found; chi-square is %.2f, at most %.2f", want, found, sum, limit)
	if sum > limit {
		t.Errorf("chi-square is %.2f, want at most %.2f (p = 0.01, three degrees of freedom)", sum, limit)
	}
}
