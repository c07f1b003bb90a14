package identity_test

import (
	"testing"

	"onex.io/onex/shared/identity"
)

// One caller has as many addresses of its IPv6 network as it likes.
func TestFailuresFromOneNetworkOfIPv6CountTogether(t *testing.T) {
	for _, row := range []struct {
		one, other string
		together   bool
	}{
		{"2001:db8:0:1::1", "2001:db8:0:1:ffff::2", true},
		{"2001:db8:0:1::1", "2001:db8:0:2::1", false},
		{"192.0.2.1", "192.0.2.1", true},
		{"192.0.2.1", "192.0.2.2", false},
		{"", "192.0.2.1", false},
		{"invalid IP", "192.0.2.1", false},
	} {
		if got := identity.AddressKey(row.one) == identity.AddressKey(row.other); got != row.together {
			t.Errorf("%q and %q count together: %v", row.one, row.other, got)
		}
	}
}
