package node_test

import (
	"net/http"
	"net/url"
	"testing"
)

// wantKnownAnswer accepts whatever a node may say to a stranger: anything but a
// fault of its own.
func wantKnownAnswer(t *testing.T, resp *http.Response, asked string) {
	t.Helper()
	if resp.StatusCode >= 500 && resp.StatusCode != http.StatusServiceUnavailable {
		t.Fatalf("status %d for %q", resp.StatusCode, asked)
	}
}

func FuzzPostBlocks(f *testing.F) {
	for _, body := range []string{``, `{}`, `{"data":"tea"}`, `{"data":null}`, `{"data":"\ud800"}`, `[`, `{"data":1}`} {
		f.Add(body)
	}
	n := run(f, config(f, f.TempDir()))
	f.Fuzz(func(t *testing.T, body string) {
		wantKnownAnswer(t, n.call(t, "POST", "/v1/blocks", "op:secret", body), body)
	})
}

func FuzzPostPeers(f *testing.F) {
	// Nothing here can be dialed: whoever is accepted is dialed for ever.
	for _, peer := range []string{``, `ws://`, `http://127.0.0.1`, `ws://user:word@host`, `ws://%zz`, "ws:// host", `dns+ws://`} {
		f.Add(peer)
	}
	n := run(f, config(f, f.TempDir()))
	f.Fuzz(func(t *testing.T, peer string) {
		if u, err := url.Parse(peer); err == nil && u.Host != "" {
			return
		}
		resp := n.call(t, "POST", "/v1/peers", "op:secret", `{"peer":`+quote(peer)+`}`)
		if resp.StatusCode != http.StatusBadRequest {
			t.Fatalf("status %d for %q, want 400", resp.StatusCode, peer)
		}
	})
}

func FuzzGet(f *testing.F) {
	for _, path := range []string{`blocks?from=0&limit=1`, `blocks?limit=9223372036854775807&from=9223372036854775807`, `blocks/0`,
		`blocks/ff`, `data/ff`, `headers?limit=-1`, `blocks/%00`, `signers?key=00`, `signers?from=&limit=0`, `status?x=%zz`, `peers;`, `blocks/../../status`} {
		f.Add(path)
	}
	n := run(f, config(f, f.TempDir()))
	f.Fuzz(func(t *testing.T, path string) {
		if _, err := url.Parse(n.url("/v1/" + path)); err != nil {
			return
		}
		wantKnownAnswer(t, n.call(t, "GET", "/v1/"+path, "", ""), path)
	})
}
