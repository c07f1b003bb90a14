package seal_test

import (
	"bytes"
	"testing"

	"onex.io/onex/shared/seal"
)

func box(t testing.TB, seed byte) *seal.Box {
	t.Helper()
	b, err := seal.NewBox(bytes.Repeat([]byte{seed}, seal.KeySize))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func sealed(t testing.TB, secret, label string) seal.Sealed {
	t.Helper()
	s, err := box(t, 1).Seal([]byte(secret), label)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func flipped(b []byte, i int) []byte {
	b = bytes.Clone(b)
	b[i] ^= 1
	return b
}

func TestWhatIsSealedOpensForItsKeyAndLabelAlone(t *testing.T) {
	s, other := sealed(t, "hunter2", "a"), sealed(t, "hunter2", "a")
	for _, row := range []struct {
		name   string
		box    *seal.Box
		sealed seal.Sealed
		label  string
		opens  bool
	}{
		{"with its key and label", box(t, 1), s, "a", true},
		{"with another key", box(t, 2), s, "a", false},
		{"under another label", box(t, 1), s, "b", false},
		{"under no label", box(t, 1), s, "", false},
		{"with another's data key", box(t, 1), seal.Sealed{Key: other.Key, Data: s.Data}, "a", false},
		{"with the data key changed", box(t, 1), seal.Sealed{Key: flipped(s.Key, 20), Data: s.Data}, "a", false},
		{"with its nonce changed", box(t, 1), seal.Sealed{Key: s.Key, Data: flipped(s.Data, 0)}, "a", false},
		{"with its text changed", box(t, 1), seal.Sealed{Key: s.Key, Data: flipped(s.Data, 13)}, "a", false},
		{"cut short", box(t, 1), seal.Sealed{Key: s.Key, Data: s.Data[:11]}, "a", false},
		{"empty", box(t, 1), seal.Sealed{}, "a", false},
	} {
		got, err := row.box.Open(row.sealed, row.label)
		if opens := err == nil; opens != row.opens || opens && string(got) != "hunter2" || !opens && got != nil {
			t.Errorf("%s: %q, %v", row.name, got, err)
		}
	}
}

func TestASealShowsNothing(t *testing.T) {
	a, b := sealed(t, "hunter2", "a"), sealed(t, "hunter2", "a")
	if bytes.Contains(a.Data, []byte("hunter2")) {
		t.Error("the secret stands in its seal")
	}
	if bytes.Equal(a.Key, b.Key) || bytes.Equal(a.Data, b.Data) {
		t.Error("two seals of one secret are the same")
	}
}

func TestAKeyOfTheWrongLengthIsNone(t *testing.T) {
	for _, n := range []int{0, 16, 31, 33} {
		if _, err := seal.NewBox(make([]byte, n)); err == nil {
			t.Errorf("a key of %d bytes was accepted", n)
		}
	}
}

func TestWhatTheKeyBeforeSealedIsSealedByTheKeyNow(t *testing.T) {
	old := sealed(t, "hunter2", "a")
	both, err := seal.NewBox(bytes.Repeat([]byte{2}, seal.KeySize), bytes.Repeat([]byte{1}, seal.KeySize))
	if err != nil {
		t.Fatal(err)
	}
	now, done, err := both.Reseal(old, "a")
	if err != nil || !done || !bytes.Equal(now.Data, old.Data) {
		t.Errorf("%v, %v: %+v", done, err, now)
	}
	if got, err := box(t, 2).Open(now, "a"); string(got) != "hunter2" {
		t.Errorf("by the new key alone: %q, %v", got, err)
	}
	if again, done, err := both.Reseal(now, "a"); err != nil || done || !bytes.Equal(again.Key, now.Key) {
		t.Errorf("again: %v, %v", done, err)
	}
	for what, label := range map[string]string{"another label": "b", "another key": "a"} {
		of := both
		if label == "a" {
			of = box(t, 3)
		}
		if kept, done, err := of.Reseal(old, label); err == nil || done || !bytes.Equal(kept.Key, old.Key) {
			t.Errorf("%s: %v, %v", what, done, err)
		}
	}
}

func TestAKeyIsReplacedWhileWhatTheOneBeforeSealedOpens(t *testing.T) {
	old := sealed(t, "hunter2", "a")
	both, err := seal.NewBox(bytes.Repeat([]byte{2}, seal.KeySize), bytes.Repeat([]byte{1}, seal.KeySize))
	if err != nil {
		t.Fatal(err)
	}
	fresh, err := both.Seal([]byte("hunter3"), "a")
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct {
		name   string
		box    *seal.Box
		sealed seal.Sealed
		want   string // empty: does not open
	}{
		{"the old by both", both, old, "hunter2"},
		{"the new by both", both, fresh, "hunter3"},
		{"the new by the new key alone", box(t, 2), fresh, "hunter3"},
		{"the new by the old key", box(t, 1), fresh, ""},
		{"the old by the new key alone", box(t, 2), old, ""},
		{"the old by both, changed", both, seal.Sealed{Key: flipped(old.Key, 20), Data: old.Data}, ""},
	} {
		if got, err := row.box.Open(row.sealed, "a"); string(got) != row.want || (err == nil) != (row.want != "") {
			t.Errorf("%s: %q, %v", row.name, got, err)
		}
	}
	if _, err := seal.NewBox(make([]byte, seal.KeySize), make([]byte, 3)); err == nil {
		t.Error("an older key of three bytes is taken")
	}
}
