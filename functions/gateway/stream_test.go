package gateway

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"onex.io/onex/shared/config"
	"onex.io/onex/shared/op"
	"onex.io/onex/shared/platform"
)

// function is an operation that streams. It tells when it began and when it heard that nobody listens any more.
type function struct {
	began, ended chan string
	next         chan string
}

func newFunction() *function {
	return &function{began: make(chan string, 1), ended: make(chan string, 1), next: make(chan string)}
}

func (f *function) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/event-stream")
	w.WriteHeader(http.StatusOK)
	_ = http.NewResponseController(w).Flush()
	f.began <- r.Proto
	for {
		select {
		case text, more := <-f.next:
			if !more {
				f.ended <- "by itself"
				return
			}
			_, _ = io.WriteString(w, text)
			_ = http.NewResponseController(w).Flush()
		case <-r.Context().Done():
			f.ended <- context.Cause(r.Context()).Error()
			return
		}
	}
}

// protocols are those of a server and its clients.
func protocols(http2 bool) *http.Protocols {
	p := new(http.Protocols)
	p.SetHTTP1(!http2)
	p.SetUnencryptedHTTP2(http2)
	return p
}

func serve(t testing.TB, h http.Handler, http2 bool) (address string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &http.Server{Handler: h, Protocols: protocols(http2), ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)}
	go func() { _ = s.Serve(l) }()
	t.Cleanup(func() { _ = s.Close() })
	return "http://" + l.Addr().String()
}

// listen opens the stream through a gateway, both with the same protocol.
func listen(ctx context.Context, t *testing.T, f *function, http2 bool, stopping <-chan struct{}) *http.Response {
	t.Helper()
	transport := &http.Transport{Protocols: protocols(http2)}
	t.Cleanup(transport.CloseIdleConnections)
	p := platform.New(config.Config{Services: serve(t, f, http2) + "/%s"}, platform.Options{
		HTTP: &http.Client{Transport: transport}, Log: slog.New(slog.DiscardHandler), Stopping: stopping,
	})
	h, err := op.Operation{Name: "gateway", Handler: op.Raw(newGateway)}.HTTP(p)
	if err != nil {
		t.Fatal(err)
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, serve(t, h, http2)+"/v1/chains/harbor/stream", nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := (&http.Client{Transport: transport}).Do(r)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { response.Body.Close() })
	return response
}

func soon(t *testing.T, what string, from <-chan string) string {
	t.Helper()
	select {
	case got := <-from:
		return got
	case <-time.After(time.Minute):
		t.Fatalf("not in a minute: %s", what)
		return ""
	}
}

func TestStreams(t *testing.T) {
	for name, http2 := range map[string]bool{"HTTP/1.1": false, "HTTP/2.0": true} {
		t.Run(name+" pass through as they come", func(t *testing.T) {
			f := newFunction()
			response := listen(t.Context(), t, f, http2, nil)
			if got := soon(t, "the function is asked", f.began); got != name || response.Proto != name {
				t.Errorf("the function was asked by %s, the caller answered by %s", got, response.Proto)
			}
			lines := bufio.NewReader(response.Body)
			for i := range 3 {
				f.next <- fmt.Sprintf("event %d\n", i)
				if got, err := lines.ReadString('\n'); err != nil || got != fmt.Sprintf("event %d\n", i) {
					t.Fatalf("heard %q, %v, before the next was said", got, err)
				}
			}
			close(f.next)
			if rest, err := io.ReadAll(lines); err != nil || len(rest) > 0 {
				t.Errorf("the end is %q, %v", rest, err)
			}
		})
		t.Run(name+" end at the function when the caller goes", func(t *testing.T) {
			f := newFunction()
			ctx, leave := context.WithCancel(t.Context())
			listen(ctx, t, f, http2, nil)
			soon(t, "the function is asked", f.began)
			leave()
			if got := soon(t, "the function hears that the caller has gone", f.ended); got != context.Canceled.Error() {
				t.Errorf("the function heard %q", got)
			}
		})
		t.Run(name+" end when the gateway's pod has to go", func(t *testing.T) {
			f, stop := newFunction(), make(chan struct{})
			response := listen(t.Context(), t, f, http2, stop)
			soon(t, "the function is asked", f.began)
			close(stop)
			soon(t, "the function hears it", f.ended)
			if _, err := io.ReadAll(response.Body); err == nil {
				t.Error("a stream that was cut off ended as if it were whole")
			}
		})
	}
}

func TestAStreamMayLastButNotBeSilent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		var spoke, cut time.Duration
		h := operations{idle: time.Minute}.stream(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			for range 60 {
				time.Sleep(50 * time.Second)
				_, _ = io.WriteString(w, ":\n\n")
			}
			if spoke = time.Since(began); r.Context().Err() != nil {
				t.Error("it was cut off while it spoke")
			}
			<-r.Context().Done()
			cut = time.Since(began)
		}))
		h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil))
		if spoke != 50*time.Minute || cut != spoke+time.Minute {
			t.Errorf("it spoke for %s and was cut off after %s", spoke, cut)
		}
	})
}

func TestWhatDoesNotStreamComesToAnEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		bounded(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })).
			ServeHTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil))
		if took := time.Since(began); took != longest {
			t.Errorf("it took %s", took)
		}
	})
}
