package reconciler

import (
	"bytes"
	"errors"
	"log/slog"
	"strings"
	"testing"

	"go.uber.org/zap"
)

func TestTheQueuesSpeakThroughOurLogger(t *testing.T) {
	var out bytes.Buffer
	log := zapFromSlog(slog.New(slog.NewTextHandler(&out, nil))).Named("miners").With(zap.String("key", "a/b"))
	log.Infow("Reconcile succeeded")
	log.Errorw("Reconcile error", zap.Error(errors.New("boom")))
	got := out.String()
	for _, want := range []string{"level=ERROR", `msg="Reconcile error"`, "loop=miners", "key=a/b", "error=boom"} {
		if !strings.Contains(got, want) {
			t.Errorf("got %q, want %s in it", got, want)
		}
	}
	if strings.Contains(got, "succeeded") {
		t.Errorf("every pass is told of: %q", got)
	}
}
