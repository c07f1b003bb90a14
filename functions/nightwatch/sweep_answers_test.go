package nightwatch

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	cloudevents "github.com/cloudevents/sdk-go/v2"
)

func TestATickForgetsOldAnswersAndSaysHowMany(t *testing.T) {
	noon := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	away := errors.New("away")
	for _, row := range []struct {
		name string
		n    int64
		err  error
		said string
	}{
		{"none", 0, nil, ""},
		{"some", 7, nil, "answers=7"},
		{"the store is away", 0, away, ""},
	} {
		var log bytes.Buffer
		var asked []time.Time
		f := &sweepAnswers{
			sweep: func(_ context.Context, now time.Time) (int64, error) {
				asked = append(asked, now)
				return row.n, row.err
			},
			now: func() time.Time { return noon }, log: slog.New(slog.NewTextHandler(&log, nil)),
		}
		for range 2 { // delivered twice, it looks twice
			if err := f.Handle(t.Context(), cloudevents.NewEvent()); !errors.Is(err, row.err) {
				t.Errorf("%s: %v", row.name, err)
			}
		}
		if len(asked) != 2 || !asked[0].Equal(noon) || !strings.Contains(log.String(), row.said) || row.said == "" && log.Len() > 0 {
			t.Errorf("%s: asked at %v, said %q", row.name, asked, log.String())
		}
	}
}
