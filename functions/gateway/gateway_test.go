package gateway

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"onex.io/onex/shared/config"
	"onex.io/onex/shared/op"
	"onex.io/onex/shared/platform"
)

// town is a gateway before operations that stand on one server and are told apart by their host name, as on a cluster.
type town struct {
	gateway *httptest.Server
	log     *lockedBuffer
}

type lockedBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}

func newTown(t *testing.T, operations http.Handler) *town {
	t.Helper()
	upstream := httptest.NewServer(operations)
	t.Cleanup(upstream.Close)
	dial := func(ctx context.Context, _, addr string) (net.Conn, error) {
		if strings.HasPrefix(addr, "login.") { // the one that is away
			return nil, &net.OpError{Op: "dial", Err: fmt.Errorf("%s refused, says 10.0.0.7", addr)}
		}
		return (&net.Dialer{}).DialContext(ctx, "tcp", upstream.Listener.Addr().String())
	}
	transport := &http.Transport{DialContext: dial}
	t.Cleanup(transport.CloseIdleConnections)
	w := &town{log: &lockedBuffer{}}
	p := platform.New(config.Config{Services: "http://%s.onex.svc.cluster.local"}, platform.Options{
		HTTP: &http.Client{Transport: transport}, Log: slog.New(slog.NewJSONHandler(w.log, nil)),
	})
	o := op.Operation{Name: "gateway", Handler: op.Raw(newGateway)}
	h, err := o.HTTP(p)
	if err != nil {
		t.Fatal(err)
	}
	w.gateway = httptest.NewServer(h)
	t.Cleanup(w.gateway.Close)
	return w
}

type reply struct {
	status int
	header http.Header
	body   string
}

func (w *town) do(t *testing.T, method, path, body string, header http.Header) reply {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, w.gateway.URL+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for name, v := range header {
		r.Header[name] = v
	}
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	response, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return reply{response.StatusCode, response.Header, string(text)}
}

// echo answers with what it was asked.
func echo(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	w.Header().Set("X-Request-Id", "the-operations-own")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(http.StatusTeapot)
	fmt.Fprintf(w, "%s %s %s %s", r.Method, r.Host, r.URL.RequestURI(), body)
}

func TestEveryRouteReachesItsOperation(t *testing.T) {
	w := newTown(t, http.HandlerFunc(echo))
	var routes []route
	if err := json.Unmarshal(routesFile, &routes); err != nil || len(routes) == 0 {
		t.Fatalf("%d routes, %v", len(routes), err)
	}
	for _, r := range routes {
		if r.Operation == "login" {
			continue // away in this town
		}
		path := regexp.MustCompile(`\{\w+\}`).ReplaceAllString(r.Path, "my-pool") + "?limit=3&x=a%20b"
		got := w.do(t, r.Method, path, "hello", nil)
		want := fmt.Sprintf("%s %s.onex.svc.cluster.local %s hello", r.Method, r.Operation, path)
		if got.status != http.StatusTeapot || got.body != want {
			t.Errorf("%s %s: %d %q, want %q", r.Method, r.Path, got.status, got.body, want)
		}
	}
}

func TestPathsPassAsTheyAre(t *testing.T) {
	w := newTown(t, http.HandlerFunc(echo))
	for _, name := range []string{"a%2Fb", "a%20b", "%E2%82%AC", "a.b", "a%3Fb", "a+b"} {
		got := w.do(t, http.MethodGet, "/v1/minersets/"+name, "", nil)
		if want := "GET get-minerset.onex.svc.cluster.local /v1/minersets/" + name + " "; got.body != want {
			t.Errorf("%s: %q, want %q", name, got.body, want)
		}
	}
}

func wantProblem(t *testing.T, what string, got reply, code int, reason string) {
	t.Helper()
	var p struct {
		Code     int               `json:"code"`
		Reason   string            `json:"reason"`
		Message  string            `json:"message"`
		Metadata map[string]string `json:"metadata"`
	}
	if err := json.Unmarshal([]byte(got.body), &p); err != nil || got.status != code || p.Code != code || p.Reason != reason || p.Message == "" || p.Metadata == nil {
		t.Errorf("%s: %d %s, want %d %s", what, got.status, got.body, code, reason)
	}
}

func TestWhatNoOperationAnswersIsNotFoundInOurWords(t *testing.T) {
	w := newTown(t, http.HandlerFunc(echo))
	for _, in := range [][2]string{
		{"GET", "/"}, {"PATCH", "/v1/users"}, {"DELETE", "/v1/users"}, {"GET", "/v1/minersets/"}, {"GET", "/v1/minersets/a/b"},
		{"POST", "/v1/users/"}, {"POST", "/v2/users"}, {"GET", "/V1/wallet"}, {"GET", "/.git/config"},
	} {
		wantProblem(t, in[0]+" "+in[1], w.do(t, in[0], in[1], "", nil), 404, "PageNotFound")
	}
}

func TestAnOperationThatIsAwayIsBusyAndTheLogKnowsWhy(t *testing.T) {
	w := newTown(t, http.HandlerFunc(echo))
	got := w.do(t, http.MethodPost, "/v1/auth/login", "{}", nil)
	wantProblem(t, "away", got, 503, "OperationAway")
	if strings.Contains(got.body, "10.0.0.7") || strings.Contains(got.body, "cluster.local") {
		t.Errorf("the caller learns %s", got.body)
	}
	id := got.header.Get("X-Request-Id")
	if log := w.log.String(); id == "" || !strings.Contains(log, `"request":"`+id+`"`) || !strings.Contains(log, "10.0.0.7") {
		t.Errorf("the log of request %q is\n%s", id, log)
	}
}

func TestAnAnswerHasOneRequestIDAndItIsTheOperations(t *testing.T) {
	w := newTown(t, http.HandlerFunc(echo))
	got := w.do(t, http.MethodPost, "/v1/users", "{}", nil)
	if ids := got.header["X-Request-Id"]; len(ids) != 1 || ids[0] != "the-operations-own" {
		t.Errorf("request ids %q: only the operation's own is in the log beside a cause", ids)
	}
	for _, name := range []string{"X-Content-Type-Options", "Cache-Control"} {
		if v := got.header[name]; len(v) != 1 {
			t.Errorf("%s is %q", name, v)
		}
	}
}

func TestAnAnswerWithoutARequestIDGetsOne(t *testing.T) {
	w := newTown(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }))
	got := w.do(t, http.MethodPost, "/v1/users", "{}", nil)
	if ids := got.header["X-Request-Id"]; len(ids) != 1 || ids[0] == "" {
		t.Errorf("request ids %q", ids)
	}
}

func TestNothingThatACallerSetsIsTakenForOurs(t *testing.T) {
	seen := make(chan http.Header, 1)
	w := newTown(t, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { seen <- r.Header }))
	const trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
	got := w.do(t, http.MethodPost, "/v1/users", "{}", http.Header{
		"X-Request-Id": {"mine"}, "X-Forwarded-For": {"10.1.1.1"}, "X-Forwarded-Host": {"evil"}, "Forwarded": {"for=evil"},
		"Authorization": {"Bearer x"}, "Traceparent": {trace}, "Connection": {"X-Hop"}, "X-Hop": {"1"},
	})
	header := <-seen
	for _, name := range []string{"X-Request-Id", "X-Forwarded-For", "X-Forwarded-Host", "Forwarded", "X-Hop"} {
		if v := header.Get(name); v != "" {
			t.Errorf("%s: %q is passed on", name, v)
		}
	}
	if got.header.Get("X-Request-Id") == "mine" {
		t.Error("the caller chose the request's id")
	}
	if header.Get("Authorization") != "Bearer x" {
		t.Errorf("Authorization is %q", header.Get("Authorization"))
	}
	if tp := header.Get("Traceparent"); !strings.HasPrefix(tp, trace[:36]) || tp == trace {
		t.Errorf("the trace goes on as %q", tp)
	}
}

func TestAnswersStreamThroughAsTheyCome(t *testing.T) {
	next := make(chan struct{})
	w := newTown(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "13") // of an unknown length, a proxy would pass on every piece anyway
		_, _ = io.WriteString(w, "first\n")
		w.(http.Flusher).Flush()
		<-next
		_, _ = io.WriteString(w, "second\n")
	}))
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, w.gateway.URL+"/v1/wallet", nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	first := make([]byte, len("first\n"))
	if _, err := io.ReadFull(response.Body, first); err != nil || string(first) != "first\n" {
		t.Fatalf("while the operation still works: %q, %v", first, err)
	}
	close(next)
	if rest, err := io.ReadAll(response.Body); err != nil || string(rest) != "second\n" {
		t.Errorf("then: %q, %v", rest, err)
	}
}

func TestWhoCameByHTTPSIsToldToStayThere(t *testing.T) {
	w := newTown(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("X-Forwarded-Proto") != "" {
			t.Error("an operation is told how the caller came")
		}
		w.Header().Set("Strict-Transport-Security", "max-age=0") // not for an operation to say
	}))
	for proto, want := range map[string]string{"https": "max-age=31536000", "http": "", "": "", "HTTPS": "", "http, https": ""} {
		for _, path := range []string{"/v1/wallet", "/openapi.json", "/nowhere"} {
			got := w.do(t, http.MethodGet, path, "", http.Header{"X-Forwarded-Proto": {proto}})
			if got := strings.Join(got.header.Values("Strict-Transport-Security"), "|"); got != want {
				t.Errorf("%s by %q: %q, want %q", path, proto, got, want)
			}
		}
	}
}

func TestABodyThatIsTooLargeIsTheCallersFault(t *testing.T) {
	w := newTown(t, http.HandlerFunc(echo))
	wantProblem(t, "2 MiB", w.do(t, http.MethodPost, "/v1/users", strings.Repeat("x", 2<<20), nil), 413, "BodyTooLarge")
}

func TestTheAPIIsDescribedToAnyone(t *testing.T) {
	w := newTown(t, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("an operation was asked") }))
	got := w.do(t, http.MethodGet, "/openapi.json", "", nil)
	var d struct {
		OpenAPI string         `json:"openapi"`
		Paths   map[string]any `json:"paths"`
	}
	if err := json.Unmarshal([]byte(got.body), &d); err != nil || got.status != http.StatusOK || got.header.Get("Content-Type") != "application/json" {
		t.Fatalf("status %d of type %q, %v", got.status, got.header.Get("Content-Type"), err)
	}
	if d.OpenAPI != "3.1.0" || d.Paths["/v1/wallet"] == nil {
		t.Errorf("version %q, %d paths", d.OpenAPI, len(d.Paths))
	}
}

func TestTheGatewaysHealthIsItsOwn(t *testing.T) {
	w := newTown(t, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("an operation was asked") }))
	if got := w.do(t, http.MethodGet, "/healthz", "", nil); got.status != http.StatusOK {
		t.Errorf("status %d", got.status)
	}
}

func TestRoutesThatClashOrCannotBeReadAreAnError(t *testing.T) {
	p := platform.New(config.Config{Services: "http://%s\x00"}, platform.Options{})
	if _, err := newMux(p, []route{{Method: "GET", Path: "/a", Operation: "a"}}); err == nil {
		t.Error("an address that is none was accepted")
	}
}
