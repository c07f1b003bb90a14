package serve_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"onex.io/onex/shared/config"
	"onex.io/onex/shared/op"
	"onex.io/onex/shared/platform"
	"onex.io/onex/shared/serve"
)

func newPlatform(t *testing.T) *platform.Platform {
	t.Helper()
	return platform.New(config.Config{RequestTimeout: time.Minute}, platform.Options{Log: slog.New(slog.DiscardHandler)})
}

// freePort is one that nobody listens on right now.
func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return fmt.Sprint(l.Addr().(*net.TCPAddr).Port)
}

// run runs the operation; the framework's registry is the process's, so every name may be run once.
func run(t *testing.T, o op.Operation, port string) (stop context.CancelFunc, done <-chan error) {
	t.Helper()
	t.Setenv("FUNCTION_TARGET", o.Name)
	ctx, stop := context.WithCancel(t.Context())
	t.Cleanup(stop)
	ended := make(chan error, 1)
	go func() { ended <- serve.Run(ctx, newPlatform(t), port, o) }()
	return stop, ended
}

func get(port, path string) (int, string, error) {
	response, err := http.Get("http://127.0.0.1:" + port + path)
	if err != nil {
		return 0, "", err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	return response.StatusCode, string(body), err
}

func awaitHealth(t *testing.T, port string) {
	t.Helper()
	deadline := time.Now().Add(20 * time.Second)
	for {
		status, _, err := get(port, "/healthz")
		if err == nil && status == http.StatusOK {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("never healthy: %d, %v", status, err)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

func wait(t *testing.T, what string, done <-chan error) error {
	t.Helper()
	select {
	case err := <-done:
		return err
	case <-time.After(20 * time.Second):
		t.Fatalf("%s: never", what)
		return nil
	}
}

func TestWorkInFlightEndsBeforeTheProcessDoes(t *testing.T) {
	t.Setenv("K_SERVICE", "slow")
	begun, finish := make(chan struct{}), make(chan struct{})
	port := freePort(t)
	stop, done := run(t, op.Operation{Name: "slow", Handler: op.Raw(func(*platform.Platform) (http.Handler, error) {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			close(begun)
			<-finish
			_, _ = io.WriteString(w, "done "+r.URL.Path)
		}), nil
	})}, port)
	awaitHealth(t, port)
	answered := make(chan error, 1)
	go func() {
		status, body, err := get(port, "/a/path")
		if err == nil && (status != http.StatusOK || body != "done /a/path") {
			err = fmt.Errorf("answered %d %q", status, body)
		}
		answered <- err
	}()
	<-begun
	stop() // as SIGTERM does
	select {
	case err := <-done:
		t.Errorf("ended with %v while a request was in flight", err)
	case <-time.After(100 * time.Millisecond):
	}
	close(finish)
	if err := wait(t, "the end", done); err != nil {
		t.Errorf("ended with %v", err)
	}
	if err := wait(t, "the answer", answered); err != nil {
		t.Errorf("the request in flight: %v", err)
	}
	if os.Getenv("K_SERVICE") != "" {
		t.Error("K_SERVICE is still set: the framework prints an empty line for every request")
	}
}

func TestAJobRunsWithItsHealthServedAndEndsTheProcess(t *testing.T) {
	port, finish, broken := freePort(t), make(chan struct{}), errors.New("broken")
	_, done := run(t, op.Operation{Name: "job", Handler: op.Job(func(context.Context, *platform.Platform) error {
		<-finish
		return broken
	})}, port)
	awaitHealth(t, port)
	if status, _, err := get(port, "/"); err != nil || status != http.StatusNotFound {
		t.Errorf("a job answers %d, %v", status, err)
	}
	close(finish)
	if err := wait(t, "the end", done); !errors.Is(err, broken) {
		t.Errorf("ended with %v", err)
	}
}

func TestAPortThatIsTakenIsAnError(t *testing.T) {
	l, err := net.Listen("tcp", ":0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	port := fmt.Sprint(l.Addr().(*net.TCPAddr).Port)
	_, done := run(t, op.Operation{Name: "crowded", Handler: op.Raw(func(*platform.Platform) (http.Handler, error) {
		return http.NotFoundHandler(), nil
	})}, port)
	if err := wait(t, "the end", done); err == nil || !strings.Contains(err.Error(), port) {
		t.Errorf("ended with %v", err)
	}
}

func TestAnOperationThatCannotBeBuiltServesNothing(t *testing.T) {
	broken := errors.New("ONEX_TOKEN_KEY is not set")
	_, done := run(t, op.Operation{Name: "unbuilt", Handler: op.Raw(func(*platform.Platform) (http.Handler, error) { return nil, broken })}, freePort(t))
	if err := wait(t, "the end", done); !errors.Is(err, broken) {
		t.Errorf("ended with %v", err)
	}
}
