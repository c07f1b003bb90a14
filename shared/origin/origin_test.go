package origin_test

import (
	"net/http"
	"net/http/httptest"
	"net/netip"
	"testing"

	"onex.io/onex/shared/origin"
)

func prefixes(t *testing.T, texts ...string) []netip.Prefix {
	t.Helper()
	var all []netip.Prefix
	for _, text := range texts {
		p, err := netip.ParsePrefix(text)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
	return all
}

func request(peer string, forwarded ...string) *http.Request {
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.RemoteAddr = peer
	for _, f := range forwarded {
		r.Header.Add("X-Forwarded-For", f)
	}
	return r
}

func TestWhoTheCallerIs(t *testing.T) {
	ours := prefixes(t, "127.0.0.0/8", "10.0.0.0/8", "fd00::/8")
	for _, row := range []struct {
		name, peer string
		forwarded  []string
		want       string
	}{
		{"who connects", "203.0.113.7:1", nil, "203.0.113.7"},
		{"who connects, whatever he says", "203.0.113.7:1", []string{"198.51.100.1"}, "203.0.113.7"},
		{"whom our proxy heard", "10.0.0.1:1", []string{"203.0.113.7"}, "203.0.113.7"},
		{"whom the first of our proxies heard", "127.0.0.1:1", []string{"203.0.113.7, 10.0.0.1,10.0.0.2"}, "203.0.113.7"},
		{"not whom he claims to have heard", "10.0.0.1:1", []string{"198.51.100.1, 203.0.113.7, 10.0.0.2"}, "203.0.113.7"},
		{"not one of ours, as he claims", "10.0.0.1:1", []string{"10.9.9.9, 203.0.113.7"}, "203.0.113.7"},
		{"in more lines than one", "10.0.0.1:1", []string{"198.51.100.1", "203.0.113.7", "10.0.0.2"}, "203.0.113.7"},
		{"by IPv6", "[fd00::1]:1", []string{"2001:db8::7"}, "2001:db8::7"},
		{"by IPv6 that is IPv4", "[::ffff:10.0.0.1]:1", []string{"::ffff:203.0.113.7"}, "203.0.113.7"},
		{"without the zone, which is the proxy's", "[fd00::1]:1", []string{"fe80::7%eth0"}, "fe80::7"},
		{"one of ours", "127.0.0.1:1", nil, "127.0.0.1"},
		{"the last that can be read", "127.0.0.1:1", []string{"unknown, 10.0.0.2"}, "10.0.0.2"},
		{"nobody that can be named", "@", []string{"203.0.113.7"}, "invalid IP"},
	} {
		if got := origin.Caller(request(row.peer, row.forwarded...), ours).String(); got != row.want {
			t.Errorf("%s: %s, want %s", row.name, got, row.want)
		}
	}
}

func TestAnAddressIsBelievedFromTheGatewayAlone(t *testing.T) {
	gateway := origin.NewVoucher([]byte("key"))
	vouched := func(by origin.Voucher, address string) string {
		h := http.Header{}
		by.Vouch(h, address)
		return h.Get(origin.Header)
	}
	real := vouched(gateway, "203.0.113.7")
	for _, row := range []struct {
		name, header string
		operation    origin.Voucher
		want         string
	}{
		{"the gateway's", real, gateway, "203.0.113.7"},
		{"none", "", gateway, "10.0.0.1"},
		{"one without a mark", "203.0.113.7", gateway, "10.0.0.1"},
		{"one with a made-up mark", "203.0.113.7 00", gateway, "10.0.0.1"},
		{"another under the same mark", "203.0.113.8" + real[len("203.0.113.7"):], gateway, "10.0.0.1"},
		{"one marked with another key", vouched(origin.NewVoucher([]byte("other")), "203.0.113.7"), gateway, "10.0.0.1"},
		{"one marked without a key, where there is none", "203.0.113.7 " + "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad", origin.NewVoucher(nil), "10.0.0.1"},
	} {
		r := request("10.0.0.1:1")
		if row.header != "" {
			r.Header.Set(origin.Header, row.header)
		}
		if got := row.operation.Of(r); got != row.want {
			t.Errorf("%s: %s, want %s", row.name, got, row.want)
		}
	}
}

func TestNothingIsVouchedForWithoutAKey(t *testing.T) {
	h := http.Header{origin.Header: {"made up"}}
	origin.NewVoucher(nil).Vouch(h, "203.0.113.7")
	if len(h) > 0 {
		t.Errorf("%v", h)
	}
}

func TestANetworkOfIPv6HasOneBucket(t *testing.T) {
	for address, want := range map[string]string{
		"203.0.113.7": "203.0.113.7", "2001:db8:1:2:3:4:5:6": "2001:db8:1:2::/64", "2001:db8:1:2::": "2001:db8:1:2::/64",
		"::ffff:203.0.113.7": "203.0.113.7", "fe80::7%eth0": "fe80::/64",
	} {
		if got := origin.Bucket(netip.MustParseAddr(address)); got != want {
			t.Errorf("%s: %q, want %q", address, got, want)
		}
	}
}

func TestAContextKnowsItsOrigin(t *testing.T) {
	if got := origin.From(t.Context()); got != "" {
		t.Errorf("%q", got)
	}
	if got := origin.From(origin.With(t.Context(), "203.0.113.7")); got != "203.0.113.7" {
		t.Errorf("%q", got)
	}
}
