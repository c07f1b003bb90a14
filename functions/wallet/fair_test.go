package wallet

import (
	"math"
	"math/big"
	"math/rand/v2"
	"testing"
	"time"

	"onex.io/onex/shared/money"
	"onex.io/onex/toyblc/block"
)

// crowd is who mines one chain: those in paid slots and others, in hashes per second.
type crowd struct {
	paid, others float64
	interval     time.Duration
	// stamp is what a miner writes as the time into its block; honest where it is nil.
	stamp func(now int64, height int64) int64
}

const minerRate = 70_000 // of S1.SMALL1 by the default figures

// earn lets the crowd mine for so long under the real rule of difficulty, with luck instead of hashing, and pays as
// settlement pays. noise is the standard deviation of the income, in hashes.
func (c crowd) earn(lasts time.Duration, luck *rand.Rand) (income money.Amount, noise float64) {
	p := block.Params{ChainID: "fair", Time: noon, Interval: c.interval}
	pays := payroll{rate: money.OX}
	past := block.Window{block.Genesis(p).Mark()}
	for now := 0.0; ; {
		target := block.NextTarget(p, past)
		hashes, _ := new(big.Float).SetInt(block.ExpectedHashes(target)).Float64()
		if now += luck.ExpFloat64() * hashes / (c.paid + c.others); now > lasts.Seconds() {
			return income, math.Sqrt(noise)
		}
		parent := past.Parent()
		at := noon.Unix() + int64(now)
		if c.stamp != nil {
			at = c.stamp(at, parent.Index+1)
		}
		past = past.Next(block.Mark{Index: parent.Index + 1, Timestamp: max(at, past.MedianTime()+1), Target: target})
		if luck.Float64()*(c.paid+c.others) < c.paid {
			income += pays.worth(block.Block{Header: block.Header{Target: target}})
			noise += hashes * hashes
		}
	}
}

func TestAnHourOfHashingEarnsTheSameHoweverItIsSpent(t *testing.T) {
	const day, hundred = 24 * time.Hour, 100 * minerRate
	late := func(now, height int64) int64 { return now + height%2*120 } // every other block from the future
	for _, row := range []struct {
		name   string
		chains int
		lasts  time.Duration
		crowd  crowd
	}{
		{"a hundred miners on one chain", 1, 10 * day, crowd{paid: hundred, interval: time.Minute}},
		{"a hundred chains of one miner", 100, day, crowd{paid: minerRate, interval: time.Minute}},
		{"blocks in every second", 1, day, crowd{paid: minerRate, interval: time.Second}},
		{"blocks in every hour", 1, 1000 * day, crowd{paid: minerRate, interval: time.Hour}},
		{"an outsider with fifty times the power", 1, 30 * day, crowd{paid: hundred, others: 50 * hundred, interval: time.Minute}},
		{"blocks that are stamped late", 1, 10 * day, crowd{paid: minerRate, interval: time.Minute, stamp: late}},
	} {
		t.Run(row.name, func(t *testing.T) {
			luck := rand.New(rand.NewPCG(7, 7))
			var income money.Amount
			var noise float64
			for range row.chains {
				i, n := row.crowd.earn(row.lasts, luck)
				income, noise = income+i, math.Hypot(noise, n)
			}
			hashes := row.crowd.paid * row.lasts.Seconds() * float64(row.chains)
			if got := float64(income) * 1000; math.Abs(got-hashes) > 3*noise || noise > hashes/15 { // micro-OX at one OX for 10^9
				t.Errorf("%.4g hashes earned %s OX; 3 sigma are %.2g of them", hashes, income, 3*noise)
			}
		})
	}
}
