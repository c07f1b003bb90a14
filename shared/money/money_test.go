package money_test

import (
	"encoding/json"
	"math"
	"math/big"
	"testing"

	"onex.io/onex/shared/money"
)

func TestAmountsPrintInOX(t *testing.T) {
	for a, want := range map[money.Amount]string{
		0: "0.000000", 1: "0.000001", -1: "-0.000001", 1000 * money.OX: "1000.000000", -50*money.OX - 5: "-50.000005",
		math.MinInt64: "-9223372036854.775808",
	} {
		if got := a.String(); got != want {
			t.Errorf("%d prints %q, want %q", int64(a), got, want)
		}
	}
}

func TestAmountsTravelAsStrings(t *testing.T) {
	b, err := json.Marshal(money.Amount(7))
	if err != nil || string(b) != `"7"` {
		t.Fatalf("got %s, %v", b, err)
	}
	for text, ok := range map[string]bool{`"42"`: true, `42`: true, `"4.2"`: false, `""`: false, `"9223372036854775808"`: false} {
		var a money.Amount
		if err := json.Unmarshal([]byte(text), &a); (err == nil) != ok || (ok && a != 42) {
			t.Errorf("%s: got %d, %v", text, a, err)
		}
	}
}

func TestRewardIsHashesTimesRateRoundedDown(t *testing.T) {
	for _, row := range []struct {
		name   string
		hashes *big.Int
		want   money.Amount
	}{
		{"a gigahash earns the rate", big.NewInt(1_000_000_000), money.OX},
		{"half a micro-OX is dropped", big.NewInt(1_500), 1},
		{"nothing earns nothing", big.NewInt(0), 0},
		{"an absurd sum saturates", new(big.Int).Lsh(big.NewInt(1), 255), math.MaxInt64},
	} {
		if got := money.Reward(row.hashes, money.OX); got != row.want {
			t.Errorf("%s: %d, want %d", row.name, got, row.want)
		}
	}
}
