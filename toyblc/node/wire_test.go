package node

import (
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"onex.io/onex/shared/fault"
)

func TestWhatIsBrokenIsInTheLogAndNotInTheAnswer(t *testing.T) {
	for _, r := range []struct {
		name   string
		err    error
		logged bool
	}{
		{"a fault of ours", fault.New(fault.Broken, "StoreUnreadable", "not now: %w", errors.New("disk on fire")), true},
		{"an error of no kind", errors.New("disk on fire"), true},
		{"a fault of the caller's", fault.Field("from", "disk on fire"), false},
		{"no fault", nil, false},
	} {
		t.Run(r.name, func(t *testing.T) {
			var log strings.Builder
			n := &Node{log: slog.New(slog.NewTextHandler(&log, nil))}
			w, ask := httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/v1/blocks", nil)
			ask.Header.Set("Trace-ID", "ask-1")
			hardened(n.answering(func(http.ResponseWriter, *http.Request) error { return r.err })).ServeHTTP(w, ask)
			if got := strings.Contains(log.String(), "trace=ask-1") && strings.Contains(log.String(), "disk on fire"); got != r.logged {
				t.Fatalf("the log says %q, logged %t, want %t", log.String(), got, r.logged)
			}
			if r.logged && (w.Code != http.StatusInternalServerError || strings.Contains(w.Body.String(), "fire")) {
				t.Fatalf("answered %d %s", w.Code, w.Body)
			}
		})
	}
}

func TestANodeWhoseLoopIsStuckIsNotHealthy(t *testing.T) {
	for _, r := range []struct {
		name   string
		silent time.Duration
		want   int
	}{
		{"its loop has just turned", 0, http.StatusOK},
		{"its loop is busy for a while", deaf / 2, http.StatusOK},
		{"its loop has not turned for long", 2 * deaf, http.StatusServiceUnavailable},
	} {
		t.Run(r.name, func(t *testing.T) {
			var n Node
			n.beat.Store(time.Now().Add(-r.silent).Unix())
			w := httptest.NewRecorder()
			n.healthz(w, httptest.NewRequest(http.MethodGet, "/healthz", nil))
			if w.Code != r.want {
				t.Fatalf("status %d, want %d", w.Code, r.want)
			}
		})
	}
}
