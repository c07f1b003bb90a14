package conform_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"onex.io/onex/functions/catalog"
	"onex.io/onex/scripts/conform"
	"onex.io/onex/scripts/openapi"
)

// heard keeps what was reported.
type heard struct{ said []string }

func (h *heard) Errorf(format string, args ...any) {
	h.said = append(h.said, fmt.Sprintf(format, args...))
}

func TestAPlatformIsHeldToItsWord(t *testing.T) {
	document, err := openapi.Document(catalog.Operations(), os.DirFS("../../knative/crds"))
	if err != nil {
		t.Fatal(err)
	}
	const wallet = `{"userID":"u","balance":"1","ox":"0.000001","count":"1","entries":[]}`
	for _, row := range []struct {
		name, method, path, send string
		status                   int
		answer                   string
		want                     string // empty: nothing is reported
	}{
		{"as described", "GET", "/v1/wallet?limit=5", "", 200, wallet, ""},
		{"money that is a number", "GET", "/v1/wallet", "", 200, strings.Replace(wallet, `"1"`, `1`, 1), "balance"},
		{"something that is missing", "GET", "/v1/wallet", "", 200, `{"userID":"u"}`, "balance"},
		{"a refusal", "GET", "/v1/wallet", "", 401, `{"code":401,"reason":"r","message":"m","metadata":{}}`, ""},
		{"a refusal that nobody expects, with the one body", "GET", "/v1/wallet", "", 418, `{"code":418,"reason":"r","message":"m","metadata":{}}`, ""},
		{"a refusal in other words", "GET", "/v1/wallet", "", 500, `{"error":"x"}`, "reason"},
		{"a bad request that was taken", "POST", "/v1/auth/login", `{"username":7}`, 200, `{"refreshToken":"a","accessToken":"b","type":"Bearer","expiresAt":"1"}`, "the request"},
		{"a bad request that was refused", "POST", "/v1/auth/login", `{"username":7}`, 400, `{"code":400,"reason":"r","message":"m","metadata":{}}`, ""},
		{"a path that is not described", "GET", "/v1/nowhere", "", 404, "gone", ""},
	} {
		platform := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			if r.URL.Path == "/openapi.json" {
				_, _ = w.Write(document)
				return
			}
			if sent, _ := io.ReadAll(r.Body); string(sent) != row.send {
				t.Errorf("%s: the platform got %q", row.name, sent)
			}
			w.WriteHeader(row.status)
			_, _ = io.WriteString(w, row.answer)
		}))
		var reported heard
		client := http.Client{Transport: conform.New(http.DefaultTransport, &reported)}
		request, err := http.NewRequestWithContext(t.Context(), row.method, platform.URL+row.path, strings.NewReader(row.send))
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Content-Type", "application/json")
		response, err := client.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		if got, _ := io.ReadAll(response.Body); string(got) != row.answer || response.StatusCode != row.status {
			t.Errorf("%s: the test got %d %q", row.name, response.StatusCode, got)
		}
		response.Body.Close()
		platform.Close()
		all := strings.Join(reported.said, "\n")
		if row.want == "" && all != "" || !strings.Contains(all, row.want) {
			t.Errorf("%s: reported %q, want %q", row.name, all, row.want)
		}
	}
}
