package unix_test

import (
	"encoding/json"
	"testing"

	"onex.io/onex/shared/api/unix"
)

func TestATimeIsWrittenAsAStringAndReadFromBoth(t *testing.T) {
	for _, row := range []struct {
		text string
		want unix.Time
		ok   bool
	}{
		{`"1720000000"`, 1720000000, true}, {`1720000000`, 1720000000, true}, {`"0"`, 0, true}, {`-1`, -1, true},
		{`""`, 0, false}, {`"soon"`, 0, false}, {`1.5`, 0, false}, {`"99999999999999999999"`, 0, false}, {`true`, 0, false}, {`{}`, 0, false},
	} {
		var got unix.Time
		if err := json.Unmarshal([]byte(row.text), &got); err == nil != row.ok || got != row.want {
			t.Errorf("%s: %d, %v", row.text, got, err)
		}
	}
	if b, err := json.Marshal(unix.Time(7)); err != nil || string(b) != `"7"` {
		t.Errorf("%s, %v", b, err)
	}
}

// Whatever is read is written as it is read again; whatever else comes is refused, not panicked over.
func FuzzTime(f *testing.F) {
	for _, seed := range []string{`"1"`, `1`, `""`, `"`, ``, `"-9223372036854775808"`, `null`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		var a, b unix.Time
		if a.UnmarshalJSON(text) != nil {
			return
		}
		written, err := a.MarshalJSON()
		if err != nil || b.UnmarshalJSON(written) != nil || a != b {
			t.Errorf("%q is read as %d and then as %d", text, a, b)
		}
	})
}
