package node_test

import (
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"
)

func TestTheExplorerNeedsNothingButItsNode(t *testing.T) {
	n := run(t, config(t, t.TempDir()))
	for path, kind := range map[string]string{"/": "text/html", "/explorer.css": "text/css", "/explorer.js": "text/javascript"} {
		resp := n.call(t, "GET", path, "", "")
		raw, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		text, policy := string(raw), resp.Header.Get("Content-Security-Policy")
		if resp.StatusCode != http.StatusOK || !strings.HasPrefix(resp.Header.Get("Content-Type"), kind) {
			t.Errorf("%s: status %d, %s", path, resp.StatusCode, resp.Header.Get("Content-Type"))
		}
		for _, want := range []string{"default-src 'none'", "script-src 'self'", "frame-ancestors 'none'", "require-trusted-types-for 'script'"} {
			if !strings.Contains(policy, want) {
				t.Errorf("%s: the policy %q lacks %s", path, policy, want)
			}
		}
		if strings.Contains(policy, "unsafe") {
			t.Errorf("%s: the policy is %q", path, policy)
		}
		if found := regexp.MustCompile(`https?:|//[a-z]+\.|innerHTML|outerHTML|insertAdjacent|document\.write|eval\(|style=| on[a-z]+=`).FindString(text); found != "" {
			t.Errorf("%s has %q", path, found)
		}
	}
}
