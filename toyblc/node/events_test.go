package node_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"onex.io/onex/eventing"
	"onex.io/onex/toyblc/block"
	"onex.io/onex/toyblc/node"
)

// sink is a broker that answers as it is told.
type sink struct {
	*httptest.Server
	mu     sync.Mutex
	ids    []string
	heads  []http.Header
	bodies []eventing.BlockMinedData
}

func newSink(t *testing.T, answer func(n int) int) *sink {
	t.Helper()
	s := &sink{}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var body eventing.BlockMinedData
		if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
			t.Errorf("event without JSON: %v", err)
		}
		s.mu.Lock()
		s.ids = append(s.ids, r.Header.Get("Ce-Id"))
		s.heads, s.bodies = append(s.heads, r.Header.Clone()), append(s.bodies, body)
		n := len(s.ids)
		s.mu.Unlock()
		w.WriteHeader(answer(n))
	}))
	t.Cleanup(s.Close)
	return s
}

func (s *sink) got() (ids []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append(ids, s.ids...)
}

func telling(t *testing.T, s *sink) node.Config {
	c := mining(t, config(t, t.TempDir()))
	c.Sink = s.URL
	return c
}

func TestAMinedBlockIsToldAsAnEvent(t *testing.T) {
	s := newSink(t, func(int) int { return http.StatusAccepted })
	n := run(t, telling(t, s))
	eventually(t, "an event", func() bool { return len(s.got()) >= 1 })
	var blocks []block.Block
	n.get("/v1/blocks?from=1&limit=1", &blocks)
	h, body := s.heads[0], s.bodies[0]
	for name, want := range map[string]string{
		"Ce-Type": eventing.BlockMined, "Ce-Source": "/namespaces/user-a/chains/harbour",
		"Ce-Subject": "harbour", "Ce-Id": blocks[0].Hash.String(), "Content-Type": "application/json",
	} {
		if got := h.Get(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	if want := (eventing.BlockMinedData{ChainID: params().ChainID, Height: 1, Hash: blocks[0].Hash.String()}); body != want {
		t.Errorf("data is %+v, want %+v", body, want)
	}
}

func TestEventsAreRepeatedWhileTheSinkIsAwayButNotWhenItRefuses(t *testing.T) {
	for _, r := range []struct {
		name    string
		answer  int // to the first two requests
		repeats bool
	}{
		{"a busy sink", http.StatusServiceUnavailable, true},
		{"a sink that wants less", http.StatusTooManyRequests, true},
		{"a sink that is not there yet", http.StatusNotFound, true},
		{"a sink that refuses", http.StatusUnprocessableEntity, false},
	} {
		t.Run(r.name, func(t *testing.T) {
			s := newSink(t, func(n int) int {
				if n <= 2 {
					return r.answer
				}
				return http.StatusAccepted
			})
			run(t, telling(t, s))
			eventually(t, "three events", func() bool { return len(s.got()) >= 3 })
			ids := s.got()
			if got := ids[0] == ids[1] && ids[1] == ids[2]; got != r.repeats {
				t.Fatalf("ids are %v, repeated %t, want %t", ids[:3], got, r.repeats)
			}
		})
	}
}

func TestASinkThatHangsDoesNotHoldUpTheChain(t *testing.T) {
	release := make(chan struct{})
	s := newSink(t, func(int) int { <-release; return http.StatusAccepted })
	t.Cleanup(func() { close(release) })
	n := run(t, telling(t, s))
	eventually(t, "four blocks", func() bool { return n.status().Height >= 4 })
}
