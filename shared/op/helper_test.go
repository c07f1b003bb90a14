package op_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"

	"onex.io/onex/shared/audit"
	"onex.io/onex/shared/config"
	"onex.io/onex/shared/op"
	"onex.io/onex/shared/platform"
	"onex.io/onex/shared/stream"
	"onex.io/onex/shared/token"
)

// world is a platform on a real stream and a real cache. The store is away: who is signed in stands in the cache.
type world struct {
	t        *testing.T
	platform *platform.Platform
	config   config.Config
	kafka    *kfake.Cluster
	log      *lockedBuffer
}

// lockedBuffer takes the log of many requests at once.
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

func newWorld(t *testing.T) *world {
	t.Helper()
	kafka, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(1, audit.Topic))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(kafka.Close)
	cache := miniredis.RunT(t)
	if err := errors.Join(cache.Set("standing/s", "user-a"), cache.Set("policies/number", "0")); err != nil {
		t.Fatal(err)
	}
	vars, err := config.NewKeys()
	if err != nil {
		t.Fatal(err)
	}
	vars["ONEX_MONGO"], vars["ONEX_REDIS"], vars["ONEX_KAFKA"] = "mongodb://127.0.0.1:1", cache.Addr(), kafka.ListenAddrs()[0]
	vars["ONEX_REQUEST_TIMEOUT"] = "5s"
	c, err := config.ReadMap(vars)
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, config: c, kafka: kafka, log: &lockedBuffer{}}
	w.platform = platform.New(c, platform.Options{Log: slog.New(slog.NewJSONHandler(w.log, nil)), Member: "member-0"})
	t.Cleanup(func() {
		ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
		cancel()
		_ = w.platform.Close(ctx)
	})
	return w
}

// serve puts the operation behind a real server.
func (w *world) serve(o op.Operation) *httptest.Server {
	w.t.Helper()
	h, err := o.HTTP(w.platform)
	if err != nil {
		w.t.Fatal(err)
	}
	server := httptest.NewServer(h)
	w.t.Cleanup(server.Close)
	return server
}

// bearer signs a token of the kind for user-a, whose session s stands.
func (w *world) bearer(kind token.Kind) string {
	w.t.Helper()
	signer := token.NewLoginSigner(w.config.TokenKey.PrivateKey, time.Now)
	claims := token.Claims{Subject: "user-a", Session: "s", Kind: kind, Expires: time.Now().Add(time.Hour)}
	text, err := signer.Sign(claims)
	if err != nil {
		w.t.Fatal(err)
	}
	return "Bearer " + text
}

// records reads what has been recorded so far.
func (w *world) records() []audit.Record {
	w.t.Helper()
	client, err := kgo.NewClient(kgo.SeedBrokers(w.kafka.ListenAddrs()...), kgo.ConsumeTopics(audit.Topic))
	if err != nil {
		w.t.Fatal(err)
	}
	defer client.Close()
	want := w.kafka.PartitionInfo(audit.Topic, 0).HighWatermark
	var all []audit.Record
	for int64(len(all)) < want {
		for _, record := range client.PollFetches(w.t.Context()).Records() {
			e, err := stream.Decode(record)
			if err != nil {
				w.t.Fatal(err)
			}
			var r audit.Record
			if err := e.DataAs(&r); err != nil {
				w.t.Fatal(err)
			}
			all = append(all, r)
		}
	}
	return all
}

// reply is an answer read to its end.
type reply struct {
	status int
	header http.Header
	body   string
}

// request is what a test sends; the zero method is GET.
type request struct {
	method, path, body, authorization string
	header                            http.Header
}

func do(t *testing.T, server *httptest.Server, r request) reply {
	t.Helper()
	if r.method == "" {
		r.method = http.MethodGet
	}
	req, err := http.NewRequestWithContext(t.Context(), r.method, server.URL+r.path, strings.NewReader(r.body))
	if err != nil {
		t.Fatal(err)
	}
	if r.body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	for name, values := range r.header {
		req.Header[name] = values
	}
	if r.authorization != "" {
		req.Header.Set("Authorization", r.authorization)
	}
	response, err := server.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return reply{status: response.StatusCode, header: response.Header, body: string(text)}
}

// problem is the form of every refusal.
type problem struct {
	Code     int               `json:"code"`
	Reason   string            `json:"reason"`
	Message  string            `json:"message"`
	Metadata map[string]string `json:"metadata"`
}

// wantProblem wants a refusal in exactly that form; an empty message is not compared.
func wantProblem(t *testing.T, what string, r reply, want problem) {
	t.Helper()
	decoder := json.NewDecoder(strings.NewReader(r.body))
	decoder.DisallowUnknownFields()
	var got problem
	if err := decoder.Decode(&got); err != nil {
		t.Errorf("%s: status %d, body %q: %v", what, r.status, r.body, err)
		return
	}
	for _, field := range []string{"code", "reason", "message", "metadata"} {
		if !strings.Contains(r.body, `"`+field+`":`) {
			t.Errorf("%s: the body %s has no %s", what, r.body, field)
		}
	}
	if want.Message == "" {
		want.Message = got.Message
	}
	if want.Metadata == nil {
		want.Metadata = map[string]string{}
	}
	if diff := cmp.Diff(want, got); diff != "" || r.status != want.Code {
		t.Errorf("%s: status %d (-want +got)\n%s", what, r.status, diff)
	}
	if got := r.header.Get("Content-Type"); got != "application/json" {
		t.Errorf("%s: Content-Type is %q", what, got)
	}
}

func discard() *slog.Logger { return slog.New(slog.DiscardHandler) }

// fuzzConfig is enough for an operation that asks no server for anything.
func fuzzConfig(f *testing.F) config.Config {
	vars, err := config.NewKeys()
	if err != nil {
		f.Fatal(err)
	}
	vars["ONEX_MONGO"], vars["ONEX_REDIS"], vars["ONEX_KAFKA"] = "mongodb://127.0.0.1:1", "127.0.0.1:1", "127.0.0.1:1"
	c, err := config.ReadMap(vars)
	if err != nil {
		f.Fatal(err)
	}
	return c
}
