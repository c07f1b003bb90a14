package identity_test

import (
	"testing"

	"onex.io/onex/shared/identity"
)

func TestFailuresCountForWhatOneCallerHas(t *testing.T) {
	for _, row := range []struct {
		name, a, b string
		same       bool
	}{
		{"two addresses of one network of IPv6", "2001:db8:1:2::1", "2001:db8:1:2:ffff:ffff:ffff:ffff", true},
		{"two networks of IPv6", "2001:db8:1:2::1", "2001:db8:1:3::1", false},
		{"one address of IPv6, written in two ways", "2001:db8::1", "2001:0DB8:0::0:1", true},
		{"two addresses of IPv4", "203.0.113.7", "203.0.113.8", false},
		{"one address of IPv4, by IPv6", "203.0.113.7", "::ffff:203.0.113.7", true},
		{"two addresses of IPv4, by IPv6", "::ffff:203.0.113.8", "::ffff:203.0.113.7", false},
		{"one that is none", "", "invalid IP", false},
	} {
		if a, b := identity.AddressKey(row.a), identity.AddressKey(row.b); (a == b) != row.same {
			t.Errorf("%s: %q and %q", row.name, a, b)
		}
	}
}
