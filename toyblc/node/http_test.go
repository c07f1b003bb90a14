package node_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"onex.io/onex/toyblc/block"
)

func TestAnswersOfTheHTTPFace(t *testing.T) {
	n := run(t, config(t, t.TempDir()))
	big := `{"data":"` + strings.Repeat("x", block.MaxData+1) + `"}`
	for _, r := range []struct {
		name, method, path, user, body string
		status                         int
		reason                         string
	}{
		{"alive", "GET", "/healthz", "", "", 200, ""},
		{"ready, being the first", "GET", "/readyz", "", "", 200, ""},
		{"status", "GET", "/v1/status", "", "", 200, ""},
		{"blocks", "GET", "/v1/blocks", "", "", 200, ""},
		{"blocks from above the head", "GET", "/v1/blocks?from=7", "", "", 200, ""},
		{"a limit above the greatest is the greatest", "GET", "/v1/blocks?limit=99999", "", "", 200, ""},
		{"blocks from no number", "GET", "/v1/blocks?from=x", "", "", 400, "InvalidParameter"},
		{"blocks from below genesis", "GET", "/v1/blocks?from=-1", "", "", 400, "InvalidParameter"},
		{"no number of blocks", "GET", "/v1/blocks?limit=x", "", "", 400, "InvalidParameter"},
		{"genesis by height", "GET", "/v1/blocks/0", "", "", 200, ""},
		{"genesis by hash", "GET", "/v1/blocks/" + block.Genesis(params()).Hash.String(), "", "", 200, ""},
		{"a block above the head", "GET", "/v1/blocks/7", "", "", 404, "BlockNotFound"},
		{"a block that nobody mined", "GET", "/v1/blocks/" + strings.Repeat("0", 64), "", "", 404, "BlockNotFound"},
		{"a block below genesis", "GET", "/v1/blocks/-1", "", "", 400, "InvalidParameter"},
		{"a block of no number", "GET", "/v1/blocks/99999999999999999999", "", "", 400, "InvalidParameter"},
		{"signers", "GET", "/v1/signers", "", "", 200, ""},
		{"signers from no key", "GET", "/v1/signers?from=x", "", "", 400, "InvalidParameter"},
		{"no number of signers", "GET", "/v1/signers?limit=-1", "", "", 400, "InvalidParameter"},
		{"a signer of no key", "GET", "/v1/signers?key=x", "", "", 400, "InvalidParameter"},
		{"signers of too many keys", "GET", "/v1/signers?key=" + strings.Repeat("&key=", 100), "", "", 400, "InvalidParameter"},
		{"no such page", "GET", "/v2", "", "", 404, "PageNotFound"},
		{"a method that is not there", "DELETE", "/v1/blocks", "op:secret", "", 404, "PageNotFound"},
		{"writing as nobody", "POST", "/v1/blocks", "", `{}`, 401, "UNAUTHORIZED"},
		{"writing with a wrong password", "POST", "/v1/blocks", "op:word", `{}`, 401, "UNAUTHORIZED"},
		{"writing as a stranger", "POST", "/v1/peers", "root:secret", `{}`, 401, "UNAUTHORIZED"},
		{"writing", "POST", "/v1/blocks", "op:secret", `{"data":"tea"}`, 202, ""},
		{"writing it twice", "POST", "/v1/blocks", "op:secret", `{"data":"tea"}`, 202, ""},
		{"writing with another account", "POST", "/v1/blocks", "other:word", `{"data":"milk"}`, 202, ""},
		{"writing nothing", "POST", "/v1/blocks", "op:secret", ``, 202, ""},
		{"writing what is no JSON", "POST", "/v1/blocks", "op:secret", `tea`, 400, "MalformedBody"},
		{"writing too much", "POST", "/v1/blocks", "op:secret", big, 400, "DataTooLarge"},
		{"writing far too much", "POST", "/v1/blocks", "op:secret", strings.Repeat(" ", 7*block.MaxData), 400, "BodyTooLarge"},
		{"a peer that cannot be dialed", "POST", "/v1/peers", "op:secret", `{"peer":"http://x"}`, 400, "InvalidParameter"},
		{"no peer", "POST", "/v1/peers", "op:secret", `{}`, 400, "InvalidParameter"},
	} {
		t.Run(r.name, func(t *testing.T) {
			resp := n.call(t, r.method, r.path, r.user, r.body)
			if resp.StatusCode != r.status {
				t.Fatalf("status is %d, want %d", resp.StatusCode, r.status)
			}
			if r.status == 401 && !strings.HasPrefix(resp.Header.Get("WWW-Authenticate"), "Basic ") {
				t.Fatal("does not say how to authenticate")
			}
			if r.reason != "" {
				wantError(t, resp, r.reason)
			}
		})
	}
}

func (r *running) call(t *testing.T, method, path, user, body string) *http.Response {
	t.Helper()
	req := r.request(t, method, path, body)
	if name, password, ok := strings.Cut(user, ":"); ok {
		req.SetBasicAuth(name, password)
	}
	return send(t, req)
}

func (r *running) request(t *testing.T, method, path, body string) *http.Request {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, r.url(path), strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	return req
}

func send(t *testing.T, req *http.Request) *http.Response {
	t.Helper()
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { resp.Body.Close() })
	return resp
}

func wantError(t *testing.T, resp *http.Response, reason string) {
	t.Helper()
	var body struct {
		Code     int
		Reason   string
		Message  string
		Metadata map[string]string
	}
	if err := json.NewDecoder(resp.Body).Decode(&body); err != nil {
		t.Fatal(err)
	}
	if body.Code != resp.StatusCode || body.Reason != reason || body.Message == "" || body.Metadata == nil {
		t.Fatalf("body is %+v, want reason %s", body, reason)
	}
}

func TestAnAccountMustBeConfiguredToExist(t *testing.T) {
	cfg := config(t, t.TempDir())
	cfg.Accounts = nil
	n := run(t, cfg)
	for _, user := range []string{"", ":", "toyblc:onex(#)666"} {
		if got := n.call(t, "POST", "/v1/blocks", user, `{}`).StatusCode; got != 401 {
			t.Fatalf("%q gets %d, want 401", user, got)
		}
	}
}

func TestATokenFromTheConfigurationLetsWrite(t *testing.T) {
	cfg := config(t, t.TempDir())
	cfg.Tokens = []string{strings.Repeat("1", 32), strings.Repeat("2", 32)}
	n := run(t, cfg)
	none := config(t, t.TempDir())
	none.Accounts = nil
	bare := run(t, none)
	for _, r := range []struct {
		name   string
		node   *running
		header string
		status int
	}{
		{"one of them", n, "Bearer " + strings.Repeat("2", 32), 202},
		{"the scheme in small letters", n, "bearer " + strings.Repeat("1", 32), 202},
		{"another", n, "Bearer " + strings.Repeat("3", 32), 401},
		{"a part of one", n, "Bearer " + strings.Repeat("1", 31), 401},
		{"one of another scheme", n, "Token " + strings.Repeat("1", 32), 401},
		{"an empty one", n, "Bearer ", 401},
		{"an empty one where none is configured", bare, "Bearer ", 401},
		{"an empty account where none is configured", bare, "Basic Og==", 401},
	} {
		t.Run(r.name, func(t *testing.T) {
			req := r.node.request(t, http.MethodPost, "/v1/blocks", `{"data":"tea"}`)
			req.Header.Set("Authorization", r.header)
			if got := send(t, req).StatusCode; got != r.status {
				t.Fatalf("status is %d, want %d", got, r.status)
			}
		})
	}
}

func TestAPageOfAnotherSiteCannotWrite(t *testing.T) {
	n := run(t, config(t, t.TempDir()))
	for _, r := range []struct {
		name, header, value string
		status              int
	}{
		{"a program", "", "", 202},
		{"a page of the node's own", "Sec-Fetch-Site", "same-origin", 202},
		{"another site's page", "Sec-Fetch-Site", "cross-site", 403},
		{"an old browser tells the origin", "Origin", "https://evil.example", 403},
	} {
		t.Run(r.name, func(t *testing.T) {
			req := n.request(t, "POST", "/v1/blocks", `{}`)
			req.SetBasicAuth("op", "secret")
			if r.header != "" {
				req.Header.Set(r.header, r.value)
			}
			resp := send(t, req)
			if resp.StatusCode != r.status {
				t.Fatalf("status is %d, want %d", resp.StatusCode, r.status)
			}
			if r.status == 403 {
				wantError(t, resp, "CrossOrigin")
			}
			if resp.Header.Get("Access-Control-Allow-Origin") != "" {
				t.Fatal("lets other sites read")
			}
		})
	}
}

func TestEveryAnswerNamesItsRequest(t *testing.T) {
	n := run(t, config(t, t.TempDir()))
	for _, r := range []struct {
		name, given string
		kept        bool
	}{
		{"the caller's own name is kept", "0af7651916cd43dd", true},
		{"no name gets one", "", false},
		{"a name with blanks gets another", "a b", false},
		{"a very long name gets another", strings.Repeat("x", 65), false},
	} {
		req := n.request(t, "GET", "/v2", "")
		req.Header.Set("Trace-ID", r.given)
		if got := send(t, req).Header.Get("Trace-ID"); got == "" || (got == r.given) != r.kept {
			t.Errorf("%s: %q", r.name, got)
		}
	}
}

func TestWhatWaitsToBeMinedIsBounded(t *testing.T) {
	n := run(t, config(t, t.TempDir())) // nobody mines
	for i := range 64 {
		if status, body := n.post("/v1/blocks", fmt.Sprintf(`{"data":"tea %d"}`, i)); status != http.StatusAccepted {
			t.Fatalf("text %d: %d %s", i, status, body)
		}
	}
	resp := n.call(t, "POST", "/v1/blocks", "op:secret", `{"data":"one more"}`)
	if resp.StatusCode != http.StatusServiceUnavailable {
		t.Fatalf("the 65th text: %d, want 503", resp.StatusCode)
	}
	wantError(t, resp, "PoolFull")
	if got := n.status().Waiting; got != 64 {
		t.Fatalf("%d texts wait, want 64", got)
	}
}

func TestPagesOfBlocksFitTogether(t *testing.T) {
	n := run(t, mining(t, config(t, t.TempDir())))
	eventually(t, "five blocks", func() bool { return n.status().Height >= 5 })
	var all, joined []block.Block
	n.get("/v1/blocks?limit=6", &all)
	for _, page := range []string{"?limit=2", "?from=2&limit=1", "?from=3&limit=3"} {
		var part []block.Block
		n.get("/v1/blocks"+page, &part)
		joined = append(joined, part...)
	}
	if len(all) != 6 || len(joined) != 6 {
		t.Fatalf("%d blocks at once, %d in pages, want 6", len(all), len(joined))
	}
	for i := range all {
		if all[i] != joined[i] || all[i].Index != int64(i) {
			t.Fatalf("block %d differs", i)
		}
	}
	var none []block.Block
	if n.get("/v1/blocks?from=100000", &none); none == nil || len(none) != 0 {
		t.Fatalf("above the head there is %v, want an empty array", none)
	}
}

func TestMetricsTellWhatTheNodeDoes(t *testing.T) {
	n := run(t, mining(t, config(t, t.TempDir())))
	eventually(t, "a block is won", func() bool { return strings.Contains(metrics(n), "toyblc_blocks_won_total 1") })
	for _, name := range []string{"toyblc_height ", "toyblc_hash_rate ", "toyblc_hashes_total ", "toyblc_chain_hash_rate ", "toyblc_difficulty_hashes ", `toyblc_info{address="user-a",chain_id="6f0c2b1e",public_key="`, "toyblc_peers 0", "toyblc_synced 1", "toyblc_reorg_depth_blocks_count 0"} {
		if !strings.Contains(metrics(n), "\n"+name) {
			t.Errorf("metric %q is missing", name)
		}
	}
	eventually(t, "the hash rate is measured", func() bool { return n.status().HashRate > 0 })
}
