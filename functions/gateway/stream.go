package gateway

import (
	"context"
	"errors"
	"net/http"
	"time"
)

// streamIdle is how long a stream may be silent: four beats of an operation.
const streamIdle = time.Minute

// stream is a handler whose answer may go on for as long as it likes, as long as it goes on: one that is silent for too
// long is ended, and so is each when the pod has to go. Its caller comes back then and goes on elsewhere.
func (o operations) stream(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithCancel(r.Context())
		defer cancel()
		silence := time.AfterFunc(o.idle, cancel)
		defer silence.Stop()
		go func() {
			select {
			case <-o.stopping:
				cancel()
			case <-ctx.Done():
			}
		}()
		out := &streamWriter{ResponseWriter: w, control: http.NewResponseController(w), idle: o.idle, silence: silence}
		defer out.release()
		h.ServeHTTP(out, r.WithContext(ctx))
	})
}

// streamWriter notes that something was said, and does not wait for ever for a caller who does not listen.
type streamWriter struct {
	http.ResponseWriter
	control *http.ResponseController
	idle    time.Duration
	silence *time.Timer
}

// Write passes a piece on.
func (s *streamWriter) Write(piece []byte) (int, error) {
	s.silence.Reset(s.idle)
	if err := s.control.SetWriteDeadline(time.Now().Add(s.idle)); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return 0, err
	}
	return s.ResponseWriter.Write(piece)
}

// Unwrap lets the proxy flush.
func (s *streamWriter) Unwrap() http.ResponseWriter { return s.ResponseWriter }

// release lets the connection serve another request.
func (s *streamWriter) release() { _ = s.control.SetWriteDeadline(time.Time{}) }
