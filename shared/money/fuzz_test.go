package money_test

import (
	"encoding/json"
	"testing"

	"onex.io/onex/shared/money"
)

// What is read is written back as the same amount, and nothing that is not a whole number is read at all.
func FuzzAmountJSON(f *testing.F) {
	for _, seed := range []string{`"42"`, `42`, `-1`, `"-9223372036854775808"`, `"9223372036854775808"`, `1e3`, `4.2`, `""`, `"`, `null`, `"0x10"`, `"1_000"`, `[1]`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var a money.Amount
		if err := json.Unmarshal([]byte(text), &a); err != nil {
			return
		}
		b, err := json.Marshal(a)
		if err != nil {
			t.Fatal(err)
		}
		var back money.Amount
		if err := json.Unmarshal(b, &back); err != nil || back != a {
			t.Errorf("%q is read as %d, written as %s and read again as %d, %v", text, int64(a), b, int64(back), err)
		}
	})
}
