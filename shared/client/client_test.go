package client_test

import (
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"onex.io/onex/shared/api/apps/v1beta1"
	"onex.io/onex/shared/api/chain"
	"onex.io/onex/shared/api/miner"
	"onex.io/onex/shared/api/minerset"
	"onex.io/onex/shared/api/page"
	"onex.io/onex/shared/api/secret"
	"onex.io/onex/shared/api/session"
	"onex.io/onex/shared/api/user"
	"onex.io/onex/shared/api/wallet"
	"onex.io/onex/shared/client"
	"onex.io/onex/shared/fault"
	"onex.io/onex/shared/token"
)

// platform answers every request with status and body, and keeps what it was asked.
type platform struct {
	status int
	body   string
	asked  *http.Request
	sent   string
}

func (p *platform) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	b, _ := io.ReadAll(r.Body)
	p.asked, p.sent = r, string(b)
	w.WriteHeader(p.status)
	_, _ = io.WriteString(w, p.body)
}

func newClient(t *testing.T, p *platform, o client.Options) *client.Client {
	t.Helper()
	server := httptest.NewServer(p)
	t.Cleanup(server.Close)
	return client.New(server.URL+"/", o)
}

func TestEveryCallAsksItsRoute(t *testing.T) {
	p := &platform{status: 200, body: `{}`}
	c := newClient(t, p, client.Options{}).WithToken("T")
	for _, row := range []struct {
		want, body string
		call       func() error
	}{
		{"POST /v1/users", `{"username":"alice","password":"secret"}`, func() error {
			_, err := c.CreateUser(t.Context(), user.Create{Username: "alice", Password: "secret"})
			return err
		}},
		{"POST /v1/auth/login", `{"username":"alice","password":"secret"}`, func() error {
			_, err := c.Login(t.Context(), session.Login{Username: "alice", Password: "secret"})
			return err
		}},
		{"POST /v1/auth/logout", "", func() error { return c.Logout(t.Context()) }},
		{"POST /v1/auth/refresh-token", "", func() error { _, err := c.RefreshToken(t.Context()); return err }},
		{"POST /v1/auth/authenticate", `{"token":"their"}`, func() error { _, err := c.Authenticate(t.Context(), session.Authenticate{Token: "their"}); return err }},
		{"POST /v1/secrets", `{"name":"ci","expires":"7"}`, func() error {
			_, err := c.CreateSecret(t.Context(), secret.Create{Name: "ci", Expires: 7})
			return err
		}},
		{"GET /v1/wallet?limit=7", "", func() error { _, err := c.GetWallet(t.Context(), 7); return err }},
		{"GET /v1/minersets/pool", "", func() error { _, err := c.GetMinerSet(t.Context(), minerset.GetRequest{Name: "pool"}); return err }},
		{"GET /v1/minersets/a%2Fb", "", func() error { _, err := c.GetMinerSet(t.Context(), minerset.GetRequest{Name: "a/b"}); return err }},
		{"POST /v1/slots", `"slot":3`, func() error { return c.BuySlot(t.Context(), wallet.Slot{Slot: 3}) }},
		{"POST /v1/chains", `"name":"harbor"`, func() error {
			_, err := c.CreateChain(t.Context(), &v1beta1.Chain{ObjectMeta: metav1.ObjectMeta{Name: "harbor"}})
			return err
		}},
		{"GET /v1/chains/harbor", "", func() error { _, err := c.GetChain(t.Context(), chain.GetRequest{Name: "harbor"}); return err }},
		{"GET /v1/chains/harbor/status?blocks=9", "", func() error {
			_, err := c.GetChainStatus(t.Context(), chain.StatusRequest{Name: "harbor", Blocks: 9})
			return err
		}},
		{"GET /v1/chains", "", func() error { _, err := c.ListChains(t.Context(), chain.ListRequest{}); return err }},
		{"GET /v1/chains?limit=2&namespace=user-b&offset=4&public=true", "", func() error {
			_, err := c.ListChains(t.Context(), chain.ListRequest{Page: page.Page{Limit: 2, Offset: 4}, Namespace: "user-b", Public: true})
			return err
		}},
		{"DELETE /v1/chains/harbor?propagationPolicy=Foreground", "", func() error {
			return c.DeleteChain(t.Context(), chain.DeleteRequest{Name: "harbor", Cascade: "Foreground"})
		}},
		{"GET /v1/minersets?limit=2", "", func() error {
			_, err := c.ListMinerSets(t.Context(), minerset.ListRequest{Page: page.Page{Limit: 2}})
			return err
		}},
		{"PUT /v1/minersets/pool/scale", `{"replicas":0}`, func() error {
			_, err := c.ScaleMinerSet(t.Context(), minerset.ScaleRequest{Name: "pool"})
			return err
		}},
		{"DELETE /v1/minersets/pool?namespace=user-b", "", func() error {
			return c.DeleteMinerSet(t.Context(), minerset.DeleteRequest{Name: "pool", Namespace: "user-b"})
		}},
		{"GET /v1/miners?minerSet=pool", "", func() error {
			_, err := c.ListMiners(t.Context(), miner.ListRequest{MinerSet: "pool"})
			return err
		}},
		{"GET /v1/miners/pool-0", "", func() error { _, err := c.GetMiner(t.Context(), miner.GetRequest{Name: "pool-0"}); return err }},
		{"POST /v1/minersets", `"name":"pool"`, func() error {
			_, err := c.CreateMinerSet(t.Context(), &v1beta1.MinerSet{ObjectMeta: metav1.ObjectMeta{Name: "pool"}})
			return err
		}},
	} {
		if err := row.call(); err != nil {
			t.Errorf("%s: %v", row.want, err)
		}
		if got := p.asked.Method + " " + p.asked.URL.RequestURI(); got != row.want || !strings.Contains(p.sent, row.body) {
			t.Errorf("asked %s with %s, want %s with %s", got, p.sent, row.want, row.body)
		}
		if p.asked.Header.Get("Authorization") != "Bearer T" {
			t.Errorf("%s: Authorization is %q", row.want, p.asked.Header.Get("Authorization"))
		}
	}
}

func TestARefusalComesBackAsTheFaultThatItWas(t *testing.T) {
	for _, row := range []struct {
		name   string
		status int
		body   string
		kind   fault.Kind
		reason string
		text   string
	}{
		{"a fault", 402, `{"code":402,"reason":"InsufficientFunds","message":"the wallet is empty","metadata":{"need":"50"}}`, fault.Exhausted, "InsufficientFunds", "the wallet is empty"},
		{"a message with a percent sign", 400, `{"code":400,"reason":"InvalidParameter","message":"100%w of it","metadata":{}}`, fault.Invalid, "InvalidParameter", "100%w of it"},
		{"an ingress that knows nobody", 404, `404 page not found`, fault.Missing, "Unknown", "status 404"},
		{"an ingress whose service is away", 502, `<html>`, fault.Busy, "Unknown", "status 502"},
		{"an ingress that waited too long", 504, ``, fault.Busy, "Unknown", "status 504"},
		{"an ingress that has enough", 429, ``, fault.Busy, "Unknown", "status 429"},
		{"JSON of somebody else", 500, `{"error":"x"}`, fault.Broken, "Unknown", "status 500"},
		{"a redirection", 307, ``, fault.Broken, "Unknown", "status 307"},
	} {
		_, err := newClient(t, &platform{status: row.status, body: row.body}, client.Options{}).GetWallet(t.Context(), 1)
		var e *fault.Error
		if !errors.As(err, &e) || e.Kind != row.kind || e.Reason != row.reason || !strings.Contains(e.Message, row.text) {
			t.Errorf("%s: got %+v (%v)", row.name, e, err)
		}
	}
}

func TestDetailsOfARefusalComeBack(t *testing.T) {
	p := &platform{status: 400, body: `{"code":400,"reason":"InvalidParameter","message":"m","metadata":{"field":"body.name"}}`}
	_, err := newClient(t, p, client.Options{}).GetWallet(t.Context(), 1)
	if got := fault.Of(err).Metadata["field"]; got != "body.name" {
		t.Errorf("field %q", got)
	}
}

func TestAPlatformThatIsAwayIsBusy(t *testing.T) {
	_, err := client.New("http://127.0.0.1:1", client.Options{}).GetWallet(t.Context(), 1)
	if err == nil || fault.KindOf(err) != fault.Busy {
		t.Errorf("got %v", err)
	}
}

func TestAnAnswerThatIsNoJSONIsAnError(t *testing.T) {
	if got, err := newClient(t, &platform{status: 200, body: `<html>`}, client.Options{}).GetWallet(t.Context(), 1); err == nil {
		t.Errorf("got %+v", got)
	}
}

func TestBehindAnIngressTheHostIsThePlatforms(t *testing.T) {
	p := &platform{status: 200, body: `{}`}
	if _, err := newClient(t, p, client.Options{Host: "gateway.onex.example.com"}).GetWallet(t.Context(), 1); err != nil || p.asked.Host != "gateway.onex.example.com" {
		t.Errorf("asked %q, %v", p.asked.Host, err)
	}
}

func TestWithoutATokenNothingIsSent(t *testing.T) {
	none := errors.New("no key")
	p := &platform{status: 200, body: `{}`}
	c := newClient(t, p, client.Options{Token: func() (string, error) { return "", none }})
	if _, err := c.GetWallet(t.Context(), 1); !errors.Is(err, none) || p.asked != nil {
		t.Errorf("got %v, asked %v", err, p.asked)
	}
}

func TestAPlatformTokenIsRenewedWhenHalfOfItsLifeHasPassed(t *testing.T) {
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	now := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	clock := func() time.Time { mu.Lock(); defer mu.Unlock(); return now }
	give := client.PlatformToken("reconciler", private, clock)
	seen := map[string]bool{}
	for range 60 { // an hour, minute by minute
		text, err := give()
		if err != nil {
			t.Fatal(err)
		}
		seen[text] = true
		claims, err := token.NewVerifier(nil, public, clock).Verify(text)
		if err != nil || claims.Subject != "reconciler" || claims.Kind != token.Platform || claims.Expires.Sub(clock()) < 5*time.Minute {
			t.Fatalf("at %s: %+v, %v", clock(), claims, err)
		}
		mu.Lock()
		now = now.Add(time.Minute)
		mu.Unlock()
	}
	if len(seen) != 12 {
		t.Errorf("%d tokens in an hour, want one every five minutes", len(seen))
	}
	if _, err := client.PlatformToken("reconciler", nil, clock)(); err == nil {
		t.Error("a token without a key")
	}
}

func TestATokenOfOnesOwnKeyIsRenewedLikewise(t *testing.T) {
	var mu sync.Mutex
	now := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	clock := func() time.Time { mu.Lock(); defer mu.Unlock(); return now }
	give := client.SecretToken("id", "key", clock)
	seen := map[string]bool{}
	for range 60 {
		text, err := give()
		if err != nil {
			t.Fatal(err)
		}
		seen[text] = true
		if _, err := token.VerifySigned(text, []byte("key"), clock); err != nil || token.SecretID(text) != "id" {
			t.Fatalf("at %s: %q, %v", clock(), token.SecretID(text), err)
		}
		mu.Lock()
		now = now.Add(time.Minute)
		mu.Unlock()
	}
	if len(seen) != 12 {
		t.Errorf("%d tokens in an hour, want one every five minutes", len(seen))
	}
	for _, pair := range [][2]string{{"", "key"}, {"id", ""}} {
		if _, err := client.SecretToken(pair[0], pair[1], clock)(); err == nil {
			t.Errorf("a token of %q", pair)
		}
	}
}

func TestTheContractIsReadAsItIsWritten(t *testing.T) {
	p := &platform{status: 200, body: `{"userID":"user-a","balance":"999500000","ox":"999.500000","count":"2","entries":[{"number":"2","kind":"slot","amount":"-500000","balance":"999500000","at":"2026-11-20T12:00:00Z","height":3}]}`}
	got, err := newClient(t, p, client.Options{}).GetWallet(t.Context(), 1)
	if err != nil || got.Balance != 999500000 || got.Count != 2 || got.Entries[0].Amount != -500000 || got.Entries[0].Number != 2 {
		t.Errorf("got %+v, %v", got, err)
	}
	b, err := json.Marshal(got)
	if err != nil || !strings.Contains(string(b), `"balance":"999500000"`) {
		t.Errorf("written as %s, %v", b, err)
	}
}
