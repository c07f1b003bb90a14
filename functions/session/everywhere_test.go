package session

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	cloudevents "github.com/cloudevents/sdk-go/v2"

	"onex.io/onex/shared/api/session"
)

// broom notes what is done to whom, and fails at one of the steps.
type broom struct {
	steps []string
	die   string
}

func (b *broom) step(words ...string) error {
	b.steps = append(b.steps, strings.Join(words, " "))
	if words[0] == b.die {
		return errors.New("dead")
	}
	return nil
}

func (b *broom) EndSessions(_ context.Context, userID string) error { return b.step("end", userID) }

func (b *broom) Clear(_ context.Context, userID, but string) error {
	return b.step("clear", userID, "but", but)
}

func TestALogOutEverywhereEndsBeforeItTidiesUp(t *testing.T) {
	for die, want := range map[string]string{"": "end user-a, clear user-a but ", "end": "end user-a", "clear": "end user-a, clear user-a but "} {
		b := &broom{die: die}
		for range 2 { // repeated
			b.steps = nil
			_, err := (&logoutEverywhere{users: b, sessions: b}).Handle(with(t, 0), &session.LogoutEverywhereRequest{})
			if got := strings.Join(b.steps, ", "); got != want || (err == nil) != (die == "") {
				t.Errorf("dying at %q: %q, %v, want %q", die, got, err, want)
			}
		}
	}
}

// shelf of the sweeper: its name, and the broom that notes.
type shelf struct {
	name  string
	broom *broom
}

func (s shelf) Sweep(_ context.Context, moment time.Time) error {
	return s.broom.step(s.name, moment.Format(time.TimeOnly))
}

type ends struct{ shelf }

func (s ends) Sweep(ctx context.Context, now time.Time) (int64, error) {
	return 1, s.shelf.Sweep(ctx, now)
}

func TestASweepForgetsWhatIsPast(t *testing.T) {
	for die, want := range map[string]string{
		"":         "sessions 12:00:00, attempts 12:00:00, history 11:00:00",
		"sessions": "sessions 12:00:00",
		"attempts": "sessions 12:00:00, attempts 12:00:00",
		"history":  "sessions 12:00:00, attempts 12:00:00, history 11:00:00",
	} {
		b := &broom{die: die}
		f := &sweepSessions{
			sessions: ends{shelf{"sessions", b}}, attempts: shelf{"attempts", b}, history: shelf{"history", b},
			keep: time.Hour, now: func() time.Time { return noon }, log: slog.New(slog.DiscardHandler),
		}
		for range 2 { // delivered twice
			b.steps = nil
			if err := f.Handle(t.Context(), cloudevents.NewEvent()); (err == nil) != (die == "") || strings.Join(b.steps, ", ") != want {
				t.Errorf("dying at %q: %q, %v, want %q", die, b.steps, err, want)
			}
		}
	}
}
