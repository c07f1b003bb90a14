package fault_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"onex.io/onex/shared/fault"
)

func TestNoMessageShowsItsCause(t *testing.T) {
	cause := errors.New("dial 10.0.0.7: refused")
	for _, row := range []struct {
		name, format string
		args         []any
	}{
		{"the cause comes last", "the store does not answer now: %w", []any{cause}},
		{"there is nothing but the cause", "%w", []any{cause}},
		{"the cause is wrapped before", "the store does not answer now: %w", []any{fmt.Errorf("read users %q: %w", "user-a", cause)}},
	} {
		e := fault.New(fault.Busy, "StoreAway", row.format, row.args...)
		if strings.Contains(e.Message, "10.0.0.7") || e.Message == "" {
			t.Errorf("%s: the message is %q", row.name, e.Message)
		}
		if !errors.Is(e, cause) || !strings.Contains(e.Error(), "10.0.0.7") {
			t.Errorf("%s: the log would not show the cause: %v", row.name, e)
		}
	}
}

func TestTheOuterKindWins(t *testing.T) {
	inner := fault.New(fault.Missing, "NotFound", "user %q is not there", "user-a")
	outer := fault.New(fault.Unauthenticated, "Unauthorized", "a valid token is needed: %w", inner)
	if fault.KindOf(outer) != fault.Unauthenticated || fault.ReasonOf(outer) != "Unauthorized" {
		t.Errorf("got %s %s", fault.KindOf(outer), fault.ReasonOf(outer))
	}
}

func TestAnUnknownStatusIsBroken(t *testing.T) {
	for _, status := range []int{0, 302, 418, 502} {
		if got := fault.KindOfStatus(status); got != fault.Broken {
			t.Errorf("status %d is %s", status, got)
		}
	}
}
