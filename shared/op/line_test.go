package op

import (
	"net/http"
	"net/http/httptest"
	"testing"
)

func TestAClosedLineDoesNotBeat(t *testing.T) {
	w := httptest.NewRecorder()
	l := &line{w: w, out: http.NewResponseController(w)}
	cancel := func() { t.Error("the work was ended") }
	l.beat(cancel)
	if w.Flushed || w.Body.Len() > 0 {
		t.Errorf("said was %q: then nothing could be refused any more", w.Body)
	}
	if err := l.say([]byte("data\n")); err != nil {
		t.Fatal(err)
	}
	l.beat(cancel)
	if got := w.Body.String(); got != "data\n:\n\n" || !w.Flushed {
		t.Errorf("said was %q", got)
	}
}

// away is a caller who is gone.
type away struct{ http.ResponseWriter }

func (away) Write([]byte) (int, error) { return 0, http.ErrHandlerTimeout }

func TestABeatThatNobodyHearsEndsTheWork(t *testing.T) {
	w := away{httptest.NewRecorder()}
	l, ended := &line{w: w, out: http.NewResponseController(w), open: true}, false
	l.beat(func() { ended = true })
	if !ended {
		t.Error("the work goes on for nobody")
	}
}
