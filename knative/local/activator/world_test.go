package activator_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"onex.io/onex/knative/local/activator"
)

// TestMain makes the test binary the functions program, too.
func TestMain(m *testing.M) {
	if target := os.Getenv("FUNCTION_TARGET"); target != "" {
		os.Exit(operation(target))
	}
	os.Exit(m.Run())
}

// operation answers what it is asked, and dies when it is asked to. On SIGTERM it ends its work first.
func operation(target string) int {
	if target == "broken" {
		return 3
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	s := &http.Server{Addr: os.Getenv("PORT"), Handler: http.HandlerFunc(answer)}
	go func() {
		if err := s.ListenAndServe(); err != http.ErrServerClosed {
			fmt.Println(err)
			os.Exit(4)
		}
	}()
	<-ctx.Done()
	if err := s.Shutdown(context.Background()); err != nil {
		return 5
	}
	fmt.Println(target, "drained")
	return 0
}

func answer(w http.ResponseWriter, r *http.Request) {
	switch r.URL.Path {
	case "/healthz":
	case "/die":
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
		select {}
	case "/hold": // until the file is there
		fmt.Println("holds")
		for os.Getenv("GATE") != "" {
			if _, err := os.Stat(os.Getenv("GATE")); err == nil {
				break
			}
			time.Sleep(time.Millisecond)
		}
		fmt.Fprint(w, os.Getpid())
	case "/echo":
		fmt.Fprintf(w, "%s %s %s %q ", r.Method, r.Host, r.URL.RequestURI(), r.Header["X-Forwarded-For"])
		_, _ = io.Copy(w, r.Body)
	default:
		fmt.Fprint(w, os.Getpid())
	}
}

// loopback lends addresses of a block that no platform takes.
type loopback struct{ lent, back atomic.Int32 }

func (l *loopback) Lend() (string, func(), error) {
	n := l.lent.Add(1)
	return fmt.Sprintf("127.15.%d.%d", os.Getpid()%250+1, n), func() { l.back.Add(1) }, nil
}

// world is an operation behind an activator, as the mesh would serve it.
type world struct {
	*activator.Activator
	t         *testing.T
	server    *httptest.Server
	gate      string
	logs      string
	addresses *loopback
	stop      func()
}

func newWorld(t *testing.T, o activator.Options) *world {
	t.Helper()
	dir := t.TempDir()
	w := &world{t: t, gate: filepath.Join(dir, "gate"), logs: filepath.Join(dir, "logs"), addresses: &loopback{}}
	if o.Operation == "" {
		o.Operation = "greet"
	}
	o.Program = w.program()
	w.Activator = activator.New(o)
	w.server = httptest.NewServer(w.Activator)
	t.Cleanup(w.server.Close)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- w.Run(ctx) }()
	w.stop = func() {
		cancel()
		if err, open := <-done; open && err != nil {
			t.Error(err)
		}
		close(done)
		w.stop = func() {}
	}
	t.Cleanup(func() { w.stop() })
	return w
}

func (w *world) program() *activator.Program {
	return &activator.Program{
		Path: os.Args[0], Logs: w.logs, Addresses: w.addresses, Log: slog.New(slog.NewTextHandler(w.t.Output(), nil)),
		Env: func(string) []string { return []string{"GATE=" + w.gate} },
	}
}

// reply is a status and a body.
type reply struct {
	status int
	body   string
}

func (w *world) get(path string) reply {
	w.t.Helper()
	return w.do(http.MethodGet, path, "")
}

func (w *world) do(method, path, body string) reply {
	w.t.Helper()
	request, err := http.NewRequestWithContext(w.t.Context(), method, w.server.URL+path, strings.NewReader(body))
	if err != nil {
		w.t.Fatal(err)
	}
	request.Host = "greet.onex.svc.cluster.local"
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		w.t.Error(err)
		return reply{}
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		w.t.Error(err)
	}
	return reply{response.StatusCode, string(text)}
}

// later asks in the background.
func (w *world) later(path string) <-chan reply {
	got := make(chan reply, 1)
	go func() { got <- w.get(path) }()
	return got
}

// open lets every held request go.
func (w *world) open() {
	w.t.Helper()
	if err := os.WriteFile(w.gate, nil, 0o600); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) until(what string, ok func() bool) {
	w.t.Helper()
	deadline := time.Now().Add(20 * time.Second)
	for !ok() {
		if time.Now().After(deadline) {
			w.t.Fatalf("not in 20 s: %s (processes %v)", what, w.PIDs())
		}
		time.Sleep(time.Millisecond)
	}
}

func (w *world) log() string {
	text, _ := os.ReadFile(filepath.Join(w.logs, "greet.log"))
	return string(text)
}

func alive(pid int) bool { return syscall.Kill(pid, 0) == nil }

// impatient asks and leaves when ctx ends.
func impatient(ctx context.Context, w *world) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, w.server.URL+"/", nil)
	if err != nil {
		w.t.Fatal(err)
	}
	if response, err := http.DefaultClient.Do(request); err == nil {
		response.Body.Close()
		w.t.Errorf("answered with status %d by a process that was full", response.StatusCode)
	}
}
