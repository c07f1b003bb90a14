package p2p

import (
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

func TestBans(t *testing.T) {
	now := time.Unix(1000, 0)
	b := bans{}
	b.add("a", now, time.Minute)
	b.add("a", now, time.Second) // does not shorten the first
	for _, r := range []struct {
		name  string
		key   string
		after time.Duration
		left  time.Duration
	}{
		{"counts at once", "a", 0, time.Minute},
		{"counts to the end", "a", 59 * time.Second, time.Second},
		{"ends", "a", time.Minute, 0},
		{"is nobody else's", "b", 0, 0},
	} {
		t.Run(r.name, func(t *testing.T) {
			at := now.Add(r.after)
			if got := b.left(r.key, at); got != r.left || b.active(r.key, at) != (r.left > 0) {
				t.Fatalf("%s is left, want %s", got, r.left)
			}
		})
	}
}

func TestBansAreBoundedAndTheOneThatEndsFirstGoes(t *testing.T) {
	now := time.Unix(1000, 0)
	b := bans{}
	for i := range maxBans {
		b.add(fmt.Sprint(i), now, time.Minute+time.Duration(i)*time.Second)
	}
	b.add("new", now, time.Hour)
	if len(b) != maxBans || b.active("0", now) || !b.active("1", now) || !b.active("new", now) {
		t.Fatalf("%d bans; first %t, second %t, new %t", len(b), b.active("0", now), b.active("1", now), b.active("new", now))
	}
	b.add("later", now.Add(24*time.Hour), time.Hour)
	if len(b) != 1 {
		t.Fatalf("%d bans a day later, want one: the others have ended", len(b))
	}
}

func TestReasonsAreCutToWhatACloseFrameCarries(t *testing.T) {
	for _, s := range []string{"", "short", strings.Repeat("x", 500), strings.Repeat("ü", 500), strings.Repeat("x", 117) + "üüü"} {
		got := clip(s)
		if len(got) > 123 || !utf8.ValidString(got) || len(s) <= 120 && got != s {
			t.Errorf("%q becomes %q of %d bytes", s, got, len(got))
		}
	}
}
