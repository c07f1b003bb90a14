// Package kubetest is an object API in memory, spoken to over HTTP, for tests of whatever reads and writes
// Kubernetes objects. It keeps the promises that such code leans on: resource versions and conflicts, generations,
// the status subresource, finalizers, preconditions, owner references and watches. It validates and defaults
// nothing; the CRDs have a test of their own.
package kubetest

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/rest"
)

// Server is one object API. It starts empty and ends with its test.
type Server struct {
	mu      sync.Mutex
	objects map[target]*unstructured.Unstructured
	log     []change
	changed chan struct{}
	writes  int
	refuse  func(*http.Request) bool
	unknown string
	url     string
}

// change is one line of the history that watches follow; its place in the log is its resource version.
type change struct {
	kind   string
	at     target
	object *unstructured.Unstructured
}

// New starts a Server.
func New(t testing.TB) *Server {
	s := &Server{objects: map[target]*unstructured.Unstructured{}, changed: make(chan struct{})}
	listener := httptest.NewServer(s)
	t.Cleanup(func() {
		listener.CloseClientConnections()
		listener.Close()
	})
	s.url = listener.URL
	return s
}

// Config is what a client needs to speak to the server.
func (s *Server) Config() *rest.Config {
	return &rest.Config{Host: s.url, QPS: -1, ContentConfig: rest.ContentConfig{
		ContentType: "application/json", AcceptContentTypes: "application/json",
	}}
}

// Writes is how many requests asked for a change so far; Events and creations that are only tried do not count.
func (s *Server) Writes() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.writes
}

// Refuse makes the server answer 503 to the requests that match; nil ends it.
func (s *Server) Refuse(match func(*http.Request) bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refuse = match
}

// Forget makes the server one that does not know the kinds of a group; "" ends it.
func (s *Server) Forget(group string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.unknown = group
}

// knows tells whether the server serves what the path is about. The core group has no name.
func (s *Server) knows(at target) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return at.group == "" || at.group != s.unknown
}

// ServeHTTP answers one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	at, ok := parse(r.URL.Path)
	if !s.knows(at) {
		http.Error(w, "404 page not found", http.StatusNotFound) // no word of a Status: nobody serves this path
		return
	}
	if !ok {
		reply(w, http.StatusNotFound, failure(http.StatusNotFound, metav1.StatusReasonNotFound, at))
		return
	}
	if r.Method == http.MethodGet && r.URL.Query().Get("watch") != "" {
		s.watch(w, r, at)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if r.Method != http.MethodGet && at.resource != "events" && !dryRun(r) {
		s.writes++
	}
	if s.refuse != nil && s.refuse(r) {
		reply(w, http.StatusServiceUnavailable, failure(http.StatusServiceUnavailable, metav1.StatusReasonServiceUnavailable, at))
		return
	}
	code, body := s.answer(r, at)
	reply(w, code, body)
}

// dryRun tells whether a creation is only tried.
func dryRun(r *http.Request) bool { return r.URL.Query().Get("dryRun") != "" }

func (s *Server) answer(r *http.Request, at target) (int, any) {
	switch r.Method {
	case http.MethodGet:
		if at.name == "" {
			return http.StatusOK, s.list(r, at)
		}
		return s.get(at)
	case http.MethodPost:
		return s.create(r, at)
	case http.MethodPut:
		return s.update(r, at)
	case http.MethodPatch:
		return s.patch(r, at)
	case http.MethodDelete:
		return s.remove(r, at)
	}
	return failed(http.StatusMethodNotAllowed, metav1.StatusReasonMethodNotAllowed, at)
}

func reply(w http.ResponseWriter, code int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(body) // the client is gone; nobody else listens
}

func failed(code int, reason metav1.StatusReason, at target) (int, any) {
	return code, failure(code, reason, at)
}

func failure(code int, reason metav1.StatusReason, at target) metav1.Status {
	return metav1.Status{
		TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Status"},
		Status:   metav1.StatusFailure,
		Code:     int32(code),
		Reason:   reason,
		Message:  at.resource + " " + at.name + ": " + string(reason),
		Details:  &metav1.StatusDetails{Kind: at.resource, Name: at.name},
	}
}
