package wallet

import (
	"math"
	"math/big"

	"onex.io/onex/shared/config"
	"onex.io/onex/shared/minertype"
	"onex.io/onex/shared/money"
)

// forecast is what hashing brings by the operator's figures. Nothing is paid by it.
type forecast struct {
	hashes int64 // in a second, by a miner with the share of a whole CPU
	rate   money.Amount
}

func forecastOf(c config.Config) forecast {
	return forecast{hashes: c.HashesPerSecond, rate: c.RewardPerGigahash}
}

const secondsPerDay = 24 * 60 * 60

// perDay is what so many miners of a type find in a day on average. Neither a chain's interval nor its difficulty is
// part of it: a block pays the hashes that it takes.
func (f forecast) perDay(t minertype.Type, miners int64) money.Amount {
	perMiner := int64(math.Round(float64(f.hashes) * t.Share * secondsPerDay))
	return money.Reward(new(big.Int).Mul(big.NewInt(perMiner), big.NewInt(miners)), f.rate)
}
