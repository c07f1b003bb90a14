package op

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"time"

	"onex.io/onex/shared/fault"
	"onex.io/onex/shared/platform"
	"onex.io/onex/shared/trace"
)

// maxBody is the largest body that any operation reads, in bytes.
const maxBody = 1 << 20

// RequestIDHeader names a request in the log and in the answer. It is always made here: a caller cannot choose it.
const RequestIDHeader = "X-Request-Id"

type requestIDKey struct{}

// RequestID is the id of the request that ctx belongs to.
func RequestID(ctx context.Context) string {
	id, _ := ctx.Value(requestIDKey{}).(string)
	return id
}

// around puts health, measuring, tracing, the request id, the body limit, the time limit (0 for none) and the recovery
// around a handler.
func around(p *platform.Platform, name string, limit time.Duration, h http.Handler) http.Handler {
	measured := p.Telemetry.Serve(name, bounded(p.Log, name, limit, h))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/healthz" {
			w.WriteHeader(http.StatusOK)
			return
		}
		measured.ServeHTTP(w, r)
	})
}

func bounded(log *slog.Logger, name string, limit time.Duration, h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id := rand.Text()
		ctx := context.WithValue(r.Context(), requestIDKey{}, id)
		if limit > 0 {
			timed, cancel := context.WithTimeout(ctx, limit)
			defer cancel()
			ctx = timed
		}
		w.Header().Set(RequestIDHeader, id)
		w.Header().Set("X-Content-Type-Options", "nosniff")
		w.Header().Set("Cache-Control", "no-store")
		defer recovered(ctx, w, log, name)
		r.Body = http.MaxBytesReader(w, r.Body, maxBody)
		h.ServeHTTP(w, r.WithContext(ctx))
	})
}

func recovered(ctx context.Context, w http.ResponseWriter, log *slog.Logger, name string) {
	switch cause := recover(); cause {
	case nil:
	case http.ErrAbortHandler:
		panic(cause) // net/http's own way to end a connection
	default:
		logError(ctx, log, name, fmt.Errorf("panic: %v\n%s", cause, debug.Stack()))
		WriteError(ctx, w, fault.New(fault.Broken, "Unknown", "something on our side is broken"))
	}
}

// logError keeps the cause of a refusal beside the ids that the caller can name. Only faults of the platform are errors.
func logError(ctx context.Context, log *slog.Logger, name string, err error) {
	level := slog.LevelInfo
	switch fault.KindOf(err) {
	case fault.Broken:
		level = slog.LevelError
	case fault.Busy:
		level = slog.LevelWarn
	}
	log.Log(ctx, level, "refused", "operation", name, "request", RequestID(ctx), "trace", trace.ID(ctx),
		"kind", fault.KindOf(err), "reason", fault.ReasonOf(err), "error", err.Error())
}
