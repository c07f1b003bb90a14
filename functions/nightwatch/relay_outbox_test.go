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

// outbox tells so many events and answers err.
type outbox struct {
	told int
	err  error
	ages []time.Duration
}

func (o *outbox) Relay(_ context.Context, age time.Duration) (int, error) {
	o.ages = append(o.ages, age)
	return o.told, o.err
}

func TestATickRelaysWhateverItSays(t *testing.T) {
	away := errors.New("away")
	for _, row := range []struct {
		name    string
		outbox  outbox
		wantLog bool
	}{
		{"nothing waits", outbox{}, false},
		{"something is told", outbox{told: 3}, true},
		{"the broker is away", outbox{err: away}, false},
		{"the broker goes away in the middle", outbox{told: 2, err: away}, true},
	} {
		var log bytes.Buffer
		f := &relayOutbox{outbox: &row.outbox, age: time.Minute, log: slog.New(slog.NewTextHandler(&log, nil))}
		for range 2 { // delivered twice
			if err := f.Handle(t.Context(), cloudevents.Event{}); !errors.Is(err, row.outbox.err) {
				t.Errorf("%s: got %v, want %v", row.name, err, row.outbox.err)
			}
		}
		if len(row.outbox.ages) != 2 || row.outbox.ages[0] != time.Minute {
			t.Errorf("%s: asked with ages %v", row.name, row.outbox.ages)
		}
		if got := strings.Contains(log.String(), "relayed"); got != row.wantLog {
			t.Errorf("%s: the log says %q", row.name, log.String())
		}
	}
}
