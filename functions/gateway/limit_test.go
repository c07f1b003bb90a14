package gateway

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"testing"

	"github.com/alicebob/miniredis/v2"

	"onex.io/onex/shared/config"
	"onex.io/onex/shared/op"
	"onex.io/onex/shared/origin"
	"onex.io/onex/shared/platform"
)

// entrance is a gateway before one operation, which notes from where it believes each request to come.
type entrance struct {
	gateway http.Handler
	heard   chan string
	redis   *miniredis.Miniredis
}

func newEntrance(t *testing.T, burst int) *entrance {
	t.Helper()
	e := &entrance{heard: make(chan string, 1), redis: miniredis.RunT(t)}
	vars, err := config.NewKeys()
	if err != nil {
		t.Fatal(err)
	}
	var key config.SymmetricKey
	if err := key.UnmarshalText([]byte(vars["ONEX_ORIGIN_KEY"])); err != nil {
		t.Fatal(err)
	}
	operation := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		e.heard <- origin.NewVoucher(key.Bytes).Of(r)
	}))
	t.Cleanup(operation.Close)
	p := platform.New(config.Config{
		Services: operation.URL + "/%s", Redis: e.redis.Addr(), OriginKey: key, AddressRate: 0.001, AddressBurst: burst,
		TrustedProxies: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")},
	}, platform.Options{Log: slog.New(slog.DiscardHandler)})
	t.Cleanup(func() { _ = p.Close(t.Context()) })
	if e.gateway, err = (op.Operation{Name: "gateway", Handler: op.Raw(newGateway)}).HTTP(p); err != nil {
		t.Fatal(err)
	}
	return e
}

// ask comes from an address, by a proxy of ours that says whom it heard, or by none.
func (e *entrance) ask(t *testing.T, peer, forwarded string, header http.Header) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/v1/wallet", nil)
	r.RemoteAddr = netip.AddrPortFrom(netip.MustParseAddr(peer), 4711).String()
	for name, v := range header {
		r.Header[name] = v
	}
	if forwarded != "" {
		r.Header.Set("X-Forwarded-For", forwarded)
	}
	w := httptest.NewRecorder()
	e.gateway.ServeHTTP(w, r)
	return w
}

func TestAnOperationLearnsFromWhereARequestCame(t *testing.T) {
	e := newEntrance(t, 100)
	forged := http.Header{origin.Header: {"192.0.2.1 00"}}
	for _, row := range []struct{ name, peer, forwarded, want string }{
		{"from the caller", "203.0.113.7", "", "203.0.113.7"},
		{"from the caller, whatever he says", "203.0.113.7", "192.0.2.1", "203.0.113.7"},
		{"from whom the ingress heard", "10.0.0.1", "203.0.113.7", "203.0.113.7"},
		{"from whom the ingress heard, whatever he says", "10.0.0.1", "192.0.2.1, 203.0.113.7, 10.0.0.2", "203.0.113.7"},
	} {
		w := e.ask(t, row.peer, row.forwarded, forged)
		if got := <-e.heard; got != row.want || w.Code != http.StatusOK {
			t.Errorf("%s: %d, heard from %s, want %s", row.name, w.Code, got, row.want)
		}
	}
}

func TestAnAddressMayAskSoOften(t *testing.T) {
	for name, away := range map[string]bool{"with Redis": false, "without": true} {
		t.Run(name, func(t *testing.T) {
			e := newEntrance(t, 3)
			if away {
				e.redis.SetError("LOADING it is not ready")
			}
			for range 3 {
				if w := e.ask(t, "10.0.0.1", "203.0.113.7", nil); w.Code != http.StatusOK {
					t.Fatal(w.Code, w.Body)
				}
				<-e.heard
			}
			for _, claim := range []string{"203.0.113.7", "192.0.2.1, 203.0.113.7"} {
				w := e.ask(t, "10.0.0.1", claim, nil)
				wantProblem(t, "too often, as "+claim, reply{w.Code, w.Header(), w.Body.String()}, 429, "TooManyRequests")
				if w.Header().Get("Retry-After") != "1000" {
					t.Errorf("come back after %q s, want the 1000 s of the rate", w.Header().Get("Retry-After"))
				}
			}
			if w := e.ask(t, "10.0.0.1", "203.0.113.8", nil); w.Code != http.StatusOK || <-e.heard != "203.0.113.8" {
				t.Errorf("somebody else: %d", w.Code)
			}
			health := httptest.NewRecorder()
			e.gateway.ServeHTTP(health, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/healthz", nil))
			if health.Code != http.StatusOK {
				t.Errorf("health: %d", health.Code)
			}
		})
	}
}
