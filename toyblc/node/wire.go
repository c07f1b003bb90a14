package node

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"

	"onex.io/onex/shared/fault"
	"onex.io/onex/toyblc/block"
)

// answering turns an error into the platform's error body.
func answering(h func(http.ResponseWriter, *http.Request) error) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := h(w, r); err != nil {
			writeFault(w, err)
		}
	})
}

// answering also keeps what is broken for the log, under the request's name.
func (n *Node) answering(h func(http.ResponseWriter, *http.Request) error) http.Handler {
	return answering(func(w http.ResponseWriter, r *http.Request) error {
		err := h(w, r)
		if err != nil && fault.KindOf(err) == fault.Broken {
			n.log.Error("request failed", "path", r.URL.Path, "trace", w.Header().Get("Trace-ID"), "cause", err)
		}
		return err
	})
}

func writeFault(w http.ResponseWriter, err error) {
	f := fault.Of(err)
	status := fault.HTTPStatus(f.Kind)
	metadata := f.Metadata
	if metadata == nil {
		metadata = map[string]string{}
	}
	_ = writeJSON(w, status, map[string]any{
		"code": status, "reason": f.Reason, "message": f.Message, "metadata": metadata,
	}) // nobody is left to tell
}

func writeJSON(w http.ResponseWriter, status int, v any) error {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // fails only when the caller is gone
	return nil
}

// readJSON reads one JSON object of a bounded size; an empty body is an empty
// object.
func readJSON(w http.ResponseWriter, r *http.Request, limit int64, v any) error {
	err := json.NewDecoder(http.MaxBytesReader(w, r.Body, limit)).Decode(v)
	var tooLarge *http.MaxBytesError
	switch {
	case err == nil || errors.Is(err, io.EOF):
		return nil
	case errors.As(err, &tooLarge):
		return fault.New(fault.Invalid, "BodyTooLarge", "the body has more than %d bytes", limit)
	}
	return fault.New(fault.Invalid, "MalformedBody", "the body is not the JSON object wanted: %w", err)
}

// hardened sets what every answer carries, and refuses what a page of another
// site makes a browser send: it would carry the browser's credentials.
func hardened(h http.Handler) http.Handler {
	cross := http.NewCrossOriginProtection()
	cross.SetDenyHandler(answering(func(http.ResponseWriter, *http.Request) error {
		return fault.New(fault.Denied, "CrossOrigin", "a page of another site may not write here")
	}))
	h = cross.Handler(h)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for name, value := range map[string]string{
			"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY",
			"Trace-ID": traceID(r.Header.Get("Trace-ID")),
		} {
			w.Header().Set(name, value)
		}
		h.ServeHTTP(w, r)
	})
}

// traceID is the caller's name for the request, or a new one.
func traceID(given string) string {
	odd := func(r rune) bool { return r <= ' ' || r > '~' }
	if given == "" || len(given) > 64 || strings.ContainsFunc(given, odd) {
		return rand.Text()
	}
	return given
}

// array writes a JSON array element by element.
type array struct {
	w     http.ResponseWriter
	show  func(block.Block) any
	count int
}

func newArray(w http.ResponseWriter, show func(block.Block) any) *array {
	return &array{w: w, show: show}
}

func (a *array) add(b block.Block) error {
	if a.count == 0 {
		a.begin()
	}
	raw, err := json.Marshal(a.show(b))
	if err != nil {
		return err
	}
	separator := ",\n"
	if a.count == 0 {
		separator = "["
	}
	a.count++
	_, err = a.w.Write(append([]byte(separator), raw...))
	return err
}

func (a *array) begin() { a.w.Header().Set("Content-Type", "application/json") }

func (a *array) end() {
	closing := "]\n"
	if a.count == 0 {
		a.begin()
		closing = "[]\n"
	}
	_, _ = a.w.Write([]byte(closing)) // fails only when the caller is gone
}
