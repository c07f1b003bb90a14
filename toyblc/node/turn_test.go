package node

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"
)

func TestLongAnswersAreGivenInTurn(t *testing.T) {
	entered, leave := make(chan struct{}), make(chan struct{})
	h := inTurn(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		entered <- struct{}{}
		<-leave
	}), 2, time.Millisecond)
	ask := func() *httptest.ResponseRecorder {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/v1/blocks", nil))
		return w
	}
	done := make(chan int, 2)
	for range 2 {
		go func() { done <- ask().Code }()
		<-entered
	}
	if w := ask(); w.Code != http.StatusServiceUnavailable || w.Header().Get("Retry-After") == "" {
		t.Fatalf("the third reader gets %d, want 503 and when to come back", w.Code)
	}
	close(leave)
	for range 2 {
		if code := <-done; code != http.StatusOK {
			t.Fatalf("a reader in turn gets %d, want 200", code)
		}
	}
	go func() { <-entered }()
	if w := ask(); w.Code != http.StatusOK {
		t.Fatalf("a reader after the others gets %d, want 200", w.Code)
	}
}
