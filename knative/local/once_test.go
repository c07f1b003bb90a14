package local_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"onex.io/onex/knative/local/kafka"
	"onex.io/onex/knative/local/kube/kubetest"
	"onex.io/onex/knative/local/redis"
	"onex.io/onex/shared/access"
	"onex.io/onex/shared/audit"
	"onex.io/onex/shared/config"
	"onex.io/onex/shared/fault"
	"onex.io/onex/shared/op"
	"onex.io/onex/shared/platform"
	"onex.io/onex/shared/token"
)

// shop is one operation on the embedded servers. Its handler counts, and does what the test says.
type shop struct {
	url      string
	config   config.Config
	keys     map[string]string
	platform *platform.Platform
	cache    *redis.Server
	served   atomic.Int64
	handle   func(context.Context) error
	mu       sync.Mutex
	now      time.Time
}

type order struct {
	Shop string `path:"shop"`
	Body struct {
		Name string `json:"name" minLength:"1"`
	}
}

type receipt struct {
	Number int64  `json:"number,string"`
	Name   string `json:"name"`
}

func (s *shop) clock() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.now
}

// pass turns the clock. Users' sessions are as long as the test.
func (s *shop) pass(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.now = s.now.Add(d)
}

func newShop(t *testing.T, level access.Level, settings ...string) *shop {
	t.Helper()
	cache, err := redis.Start("")
	must(t, err)
	t.Cleanup(cache.Close)
	streams, err := kafka.Start(t.Context(), kafka.Options{Dir: t.TempDir(), Topics: []kafka.Topic{{Name: audit.Topic, Partitions: 1}}})
	must(t, err)
	t.Cleanup(streams.Close)
	vars, err := config.NewKeys()
	must(t, err)
	vars["ONEX_MONGO"], vars["ONEX_REDIS"], vars["ONEX_KAFKA"] = start(t).URI(), cache.Addr(), streams.Addr()
	for _, setting := range settings {
		name, value, _ := strings.Cut(setting, "=")
		vars[name] = value
	}
	c, err := config.ReadMap(vars)
	must(t, err)
	s := &shop{config: c, keys: vars, cache: cache, now: time.Now(), handle: func(context.Context) error { return nil }}
	s.platform = platform.New(c, platform.Options{Log: slog.New(slog.DiscardHandler), Now: s.clock})
	t.Cleanup(func() { _ = s.platform.Close(context.WithoutCancel(t.Context())) })
	h, err := op.Operation{
		Name: "place-order", Summary: "Places an order.", Allow: level, Wakes: op.On(op.Post("/v1/shops/{shop}/orders"), op.Put("/v1/shops/{shop}/orders")),
		Handler: op.Request(func(*platform.Platform) (op.RequestFunc[order, receipt], error) { return s.serve, nil }),
	}.HTTP(s.platform)
	must(t, err)
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	s.url = server.URL
	return s
}

func (s *shop) serve(ctx context.Context, in *order) (*receipt, error) {
	n := s.served.Add(1)
	return &receipt{Number: n, Name: in.Body.Name}, s.handle(ctx)
}

// ask is one request; the zero one is a POST by nobody.
type ask struct {
	ctx                   context.Context
	method, path, as, key string
	body                  string
	header                map[string]string
}

type told struct {
	status int
	reason string
	body   string
	header http.Header
}

func (s *shop) ask(t *testing.T, a ask) told {
	t.Helper()
	if a.ctx == nil {
		a.ctx = t.Context()
	}
	if a.method == "" {
		a.method = http.MethodPost
	}
	if a.path == "" {
		a.path = "/v1/shops/tea/orders"
	}
	if a.body == "" {
		a.body = `{"name":"ann"}`
	}
	r, err := http.NewRequestWithContext(a.ctx, a.method, s.url+a.path, strings.NewReader(a.body))
	must(t, err)
	r.Header.Set("Content-Type", "application/json")
	if a.as != "" {
		r.Header.Set("Authorization", "Bearer "+a.as)
	}
	if a.key != "" {
		r.Header.Set(op.KeyHeader, a.key)
	}
	for name, v := range a.header {
		r.Header.Set(name, v)
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		return told{reason: err.Error()}
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	must(t, err)
	got := told{status: response.StatusCode, body: string(text), header: response.Header}
	if _, after, ok := strings.Cut(got.body, `"reason":"`); ok {
		got.reason, _, _ = strings.Cut(after, `"`)
	}
	return got
}

// signed is a user's token. The cache says that the session stands, and it says so until it is emptied.
func (s *shop) signed(t *testing.T, user, session string, kind token.Kind, round int64) string {
	t.Helper()
	must(t, s.platform.Redis().Set(t.Context(), "standing/"+session, user, 0).Err())
	text, err := token.NewLoginSigner(s.config.TokenKey.PrivateKey, s.clock).Sign(token.Claims{
		Subject: user, Session: session, Round: round, Kind: kind, Expires: s.clock().Add(100 * time.Hour),
	})
	must(t, err)
	return text
}

// platformToken is the token of a part of the platform.
func (s *shop) platformToken(t *testing.T) string {
	t.Helper()
	var key config.PrivateKey
	must(t, key.UnmarshalText([]byte(s.keys["ONEX_PLATFORM_KEY"])))
	text, err := token.NewPlatformSigner(key.PrivateKey, s.clock).Sign(token.Claims{Subject: "reconciler", Kind: token.Platform, Expires: s.clock().Add(time.Hour)})
	must(t, err)
	return text
}

func (t told) String() string { return fmt.Sprintf("%d %s %s", t.status, t.reason, t.body) }

func (s *shop) want(t *testing.T, what string, got told, status int, reason string, served int64) {
	t.Helper()
	if got.status != status || got.reason != reason || s.served.Load() != served {
		t.Errorf("%s: %s after %d calls of the handler, want %d %s after %d", what, got, s.served.Load(), status, reason, served)
	}
}

// A key is the caller's word that a request is the one of before.
func TestAKeyHasARequestDoneOnce(t *testing.T) {
	s := newShop(t, access.Anyone)
	first := s.ask(t, ask{key: "k1"})
	s.want(t, "the first time", first, 200, "", 1)
	if first.header.Get(op.ReplayedHeader) != "" {
		t.Error("the first answer says that it is a repeat")
	}
	again := s.ask(t, ask{key: "k1"})
	s.want(t, "again", again, 200, "", 1)
	if again.body != first.body || again.header.Get("Content-Type") != first.header.Get("Content-Type") || again.header.Get(op.ReplayedHeader) != "true" {
		t.Errorf("again: %v %q, first %v %q", again, again.header, first, first.header)
	}
	if again.header.Get("X-Request-Id") == first.header.Get("X-Request-Id") {
		t.Error("two requests have one id")
	}
	s.want(t, "another body", s.ask(t, ask{key: "k1", body: `{"name":"bob"}`}), 422, "IdempotencyKeyReused", 1)
	s.want(t, "another path", s.ask(t, ask{key: "k1", path: "/v1/shops/ink/orders"}), 422, "IdempotencyKeyReused", 1)
	s.want(t, "another query", s.ask(t, ask{key: "k1", path: "/v1/shops/tea/orders?a=b"}), 422, "IdempotencyKeyReused", 1)
	s.want(t, "another key", s.ask(t, ask{key: "k2"}), 200, "", 2)
	s.want(t, "no key", s.ask(t, ask{}), 200, "", 3)
	s.want(t, "no key again", s.ask(t, ask{}), 200, "", 4)
	s.want(t, "the original's header is the same key", s.ask(t, ask{header: map[string]string{"X-Idempotent-ID": "k1"}}), 200, "", 4)
	s.want(t, "both, with one key", s.ask(t, ask{key: "k1", header: map[string]string{"X-Idempotent-ID": "k1"}}), 200, "", 4)
	s.want(t, "both, with two", s.ask(t, ask{key: "k1", header: map[string]string{"X-Idempotent-ID": "k2"}}), 400, "InvalidParameter", 4)
	for _, bad := range []string{strings.Repeat("x", 256), "a b", "\xc3\xa9"} {
		s.want(t, "a key that is none", s.ask(t, ask{key: bad}), 400, "InvalidParameter", 4)
	}
	s.want(t, "what is no POST needs no key", s.ask(t, ask{method: http.MethodPut, key: "k1"}), 200, "", 5)
	s.want(t, "nor has one", s.ask(t, ask{method: http.MethodPut, key: "k1"}), 200, "", 6)
	s.cache.Flush()
	s.want(t, "again, after Redis was emptied", s.ask(t, ask{key: "k1"}), 200, "", 6)
	s.pass(25 * time.Hour)
	s.want(t, "a day later", s.ask(t, ask{key: "k1"}), 200, "", 7)
	s.want(t, "and again then", s.ask(t, ask{key: "k1"}), 200, "", 7)
}

func TestWhatAKeyKeepsOfARefusal(t *testing.T) {
	for _, row := range []struct {
		name   string
		err    error
		status int
		reason string
		again  int64 // how often the handler was called when the request has come three times
	}{
		{"a refusal is an answer", fault.New(fault.Denied, "Forbidden", "no"), 403, "Forbidden", 1},
		{"that it is there already is one", fault.New(fault.Conflict, "AlreadyExists", "it is there"), 409, "AlreadyExists", 1},
		{"that money is short is one", fault.New(fault.Exhausted, "InsufficientFunds", "no"), 402, "InsufficientFunds", 1},
		{"what broke may be half done", io.ErrUnexpectedEOF, 500, "Unknown", 1},
		{"what is away may be back", fault.New(fault.Busy, "StoreAway", "later"), 503, "StoreAway", 3},
	} {
		t.Run(row.name, func(t *testing.T) {
			s := newShop(t, access.Anyone)
			s.handle = func(context.Context) error { return row.err }
			for range 2 {
				s.ask(t, ask{key: "k"})
			}
			s.want(t, "the third time", s.ask(t, ask{key: "k"}), row.status, row.reason, row.again)
		})
	}
}

func TestARequestThatIsWrongIsWrongAgain(t *testing.T) {
	s := newShop(t, access.Anyone)
	for range 2 {
		s.want(t, "no name", s.ask(t, ask{key: "k", body: `{"name":""}`}), 400, "InvalidParameter", 0)
	}
	s.want(t, "too long", s.ask(t, ask{key: "long", body: strings.Repeat(" ", 2<<20)}), 413, "BodyTooLarge", 0)
}

func TestARequestInFlightIsNotBegunAgain(t *testing.T) {
	s := newShop(t, access.Anyone)
	begun, end := make(chan struct{}), make(chan struct{})
	s.handle = func(context.Context) error { close(begun); <-end; return nil }
	first := make(chan told, 1)
	go func() { first <- s.ask(t, ask{key: "k"}) }()
	<-begun
	second := s.ask(t, ask{key: "k"})
	s.want(t, "at the same time", second, 409, "RequestInFlight", 1)
	if second.header.Get("Retry-After") == "" {
		t.Error("it does not say when to come back")
	}
	close(end)
	s.want(t, "the first", <-first, 200, "", 1)
	s.want(t, "afterward", s.ask(t, ask{key: "k"}), 200, "", 1)
}

// The caller whose connection broke is who asks again: what he began goes on without him.
func TestARequestGoesOnWithoutItsCaller(t *testing.T) {
	s := newShop(t, access.SignedIn) // who may ask as often as it takes
	ann := s.signed(t, "user-ann", "a", token.Access, 0)
	begun, end, ended := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	s.handle = func(ctx context.Context) error { close(begun); <-end; ended <- ctx.Err(); return ctx.Err() }
	ctx, hangUp := context.WithCancel(t.Context())
	gone := make(chan told, 1)
	go func() { gone <- s.ask(t, ask{ctx: ctx, key: "k", as: ann}) }()
	<-begun
	hangUp()
	<-gone
	close(end)
	if err := <-ended; err != nil {
		t.Errorf("the handler was told to stop: %v", err)
	}
	var got told
	kubetest.Eventually(t, time.Minute, func() string {
		if got = s.ask(t, ask{key: "k", as: ann}); got.reason == "RequestInFlight" {
			return "the request is still in flight"
		}
		return ""
	})
	s.want(t, "then", got, 200, "", 1)
}

// An answerer that dies says nothing any more. A panic that net/http itself ends a connection by is as good as a kill.
func TestAnOwnerWhoDiesInFlightBlocksNobodyForEver(t *testing.T) {
	s := newShop(t, access.Anyone)
	s.handle = func(context.Context) error { panic(http.ErrAbortHandler) }
	s.ask(t, ask{key: "k"})
	s.handle = func(context.Context) error { return nil }
	s.want(t, "a moment later", s.ask(t, ask{key: "k"}), 409, "RequestInFlight", 1)
	s.pass(s.config.RequestTimeout + time.Minute)
	s.want(t, "when it must be dead", s.ask(t, ask{key: "k"}), 409, "OutcomeUnknown", 1)
	s.want(t, "with another key", s.ask(t, ask{key: "other"}), 200, "", 2)
}

func TestOfManyWhoAskAtOnceOneIsServed(t *testing.T) {
	s := newShop(t, access.Anyone)
	var all sync.WaitGroup
	for range 16 {
		all.Go(func() {
			if got := s.ask(t, ask{key: "k"}); got.status != 200 && got.reason != "RequestInFlight" {
				t.Error(got)
			}
		})
	}
	all.Wait()
	s.want(t, "in the end", s.ask(t, ask{key: "k"}), 200, "", 1)
}

func TestAKeyIsItsUsersOwn(t *testing.T) {
	s := newShop(t, access.SignedIn)
	ann, bob := s.signed(t, "user-ann", "a", token.Access, 0), s.signed(t, "user-bob", "b", token.Access, 0)
	s.want(t, "one", s.ask(t, ask{key: "k", as: ann}), 200, "", 1)
	s.want(t, "another with the same key", s.ask(t, ask{key: "k", as: bob}), 200, "", 2)
	s.want(t, "nobody with the same key", s.ask(t, ask{key: "k"}), 401, "Unauthorized", 2)
	s.want(t, "the one by another log-in", s.ask(t, ask{key: "k", as: s.signed(t, "user-ann", "c", token.Access, 0)}), 200, "", 2)
}

// A pair of tokens that was bought with a refresh token is given again to who shows that very token.
func TestARefreshTokenIsPartOfWhatItAsks(t *testing.T) {
	s := newShop(t, access.Renewing)
	s.want(t, "one", s.ask(t, ask{key: "k", as: s.signed(t, "user-ann", "a", token.Refresh, 1)}), 200, "", 1)
	s.want(t, "again", s.ask(t, ask{key: "k", as: s.signed(t, "user-ann", "a", token.Refresh, 1)}), 200, "", 1)
	s.want(t, "the next one", s.ask(t, ask{key: "k", as: s.signed(t, "user-ann", "a", token.Refresh, 2)}), 422, "IdempotencyKeyReused", 1)
	s.want(t, "one of another log-in", s.ask(t, ask{key: "k", as: s.signed(t, "user-ann", "b", token.Refresh, 1)}), 422, "IdempotencyKeyReused", 1)
}

// Whoever knows the key of somebody's log-in must not try passwords at it, of which no log-in would count.
func TestWhoGuessesAtARequestByItsKeyIsStopped(t *testing.T) {
	s := newShop(t, access.Anyone)
	s.want(t, "somebody", s.ask(t, ask{key: "k"}), 200, "", 1)
	for i := range 100 {
		s.want(t, "a guess", s.ask(t, ask{key: "k", body: fmt.Sprintf(`{"name":"%d"}`, i)}), 422, "IdempotencyKeyReused", 1)
	}
	s.want(t, "the right one, too late", s.ask(t, ask{key: "k"}), 422, "IdempotencyKeyReused", 1)
	s.want(t, "another key", s.ask(t, ask{key: "other"}), 200, "", 2)
	s.pass(25 * time.Hour)
	s.want(t, "a day later", s.ask(t, ask{key: "k"}), 200, "", 3)
	s.want(t, "and again then", s.ask(t, ask{key: "k"}), 200, "", 3)
}

func TestAUserMayAskForAnAnswerAsOftenAsItTakes(t *testing.T) {
	s := newShop(t, access.SignedIn)
	ann := s.signed(t, "user-ann", "a", token.Access, 0)
	for range 120 {
		s.want(t, "again", s.ask(t, ask{key: "k", as: ann}), 200, "", 1)
	}
}

// A body that does not come keeps a place that others could have, with a key as without one.
func TestABodyThatDoesNotComeIsNotWaitedForForEver(t *testing.T) {
	s := newShop(t, access.Anyone)
	for name, key := range map[string]string{"without a key": "", "with a key": op.KeyHeader + ": k\r\n"} {
		connection, err := net.Dial("tcp", strings.TrimPrefix(s.url, "http://"))
		must(t, err)
		defer connection.Close()
		must(t, connection.SetDeadline(time.Now().Add(2*time.Minute)))
		_, err = fmt.Fprintf(connection, "POST /v1/shops/tea/orders HTTP/1.1\r\nHost: shop\r\nContent-Type: application/json\r\n%sContent-Length: 20\r\n\r\n{", key)
		must(t, err)
		answer, err := http.ReadResponse(bufio.NewReader(connection), nil)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		must(t, answer.Body.Close())
		if answer.StatusCode < 400 || answer.StatusCode >= 500 || s.served.Load() != 0 {
			t.Errorf("%s: %s after %d calls", name, answer.Status, s.served.Load())
		}
	}
}
