// Package money holds amounts of OX, the coin of the platform, as whole micro-OX.
package money

import (
	"fmt"
	"math/big"
	"strconv"
)

// Amount is a sum of money in micro-OX (millionths of one OX). It may be negative: a charge.
type Amount int64

// OX is one coin.
const OX Amount = 1_000_000

// String prints the amount in OX with its six decimals, such as "999.500000".
func (a Amount) String() string {
	sign, v := "", uint64(a)
	if a < 0 {
		sign, v = "-", -v
	}
	return fmt.Sprintf("%s%d.%06d", sign, v/uint64(OX), v%uint64(OX))
}

// MarshalJSON writes the micro-OX as a string, as every int64 of the API is written.
func (a Amount) MarshalJSON() ([]byte, error) {
	return []byte(strconv.Quote(strconv.FormatInt(int64(a), 10))), nil
}

// UnmarshalJSON reads micro-OX from a JSON string or number.
func (a *Amount) UnmarshalJSON(b []byte) error {
	s := string(b)
	if n := len(s); n > 1 && s[0] == '"' && s[n-1] == '"' {
		s = s[1 : n-1]
	}
	v, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		return fmt.Errorf("amount %q is not a whole number of micro-OX: %w", s, err)
	}
	*a = Amount(v)
	return nil
}

// Reward is what hashes are worth at a rate given in micro-OX for 10^9 hashes, rounded down.
// It saturates rather than overflows.
func Reward(hashes *big.Int, perGigahash Amount) Amount {
	v := new(big.Int).Mul(hashes, big.NewInt(int64(perGigahash)))
	v.Div(v, big.NewInt(1_000_000_000))
	if !v.IsInt64() {
		return Amount(1<<63 - 1)
	}
	return Amount(v.Int64())
}
