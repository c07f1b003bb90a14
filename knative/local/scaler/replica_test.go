package scaler

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"
)

func TestFollow(t *testing.T) {
	now := time.Now()
	for name, tt := range map[string]struct {
		running bool
		object  scaledObject
		demand  demand
		want    bool
	}{
		"lag wakes":                                {false, scaledObject{cooldown: time.Hour}, demand{lag: 1, active: true, last: now}, true},
		"no lag lets sleep":                        {false, scaledObject{cooldown: time.Hour}, demand{}, false},
		"lag that does not count lets sleep":       {false, scaledObject{cooldown: time.Hour}, demand{lag: 3}, false},
		"lag keeps awake":                          {true, scaledObject{cooldown: 0}, demand{lag: 1, active: true, last: now}, true},
		"a lull within the cooldown keeps awake":   {true, scaledObject{cooldown: time.Hour}, demand{last: now}, true},
		"a lull beyond the cooldown puts to sleep": {true, scaledObject{cooldown: time.Minute}, demand{last: now.Add(-time.Hour)}, false},
		"without a cooldown it sleeps at once":     {true, scaledObject{cooldown: 0}, demand{last: now}, false},
		"a pause lets nothing wake":                {false, scaledObject{paused: true}, demand{lag: 1, active: true, last: now}, false},
		"a pause stops what runs":                  {true, scaledObject{paused: true}, demand{lag: 1, active: true, last: now}, false},
	} {
		t.Run(name, func(t *testing.T) {
			r := &replica{name: "s", log: slog.New(slog.DiscardHandler), changed: func(string, int) {},
				run: func(ctx context.Context, _ string) error { <-ctx.Done(); return nil }}
			defer r.stop("the test is over")
			if tt.running {
				r.start(t.Context(), 1)
			}
			r.follow(t.Context(), &tt.object, tt.demand)
			if got := r.cancel != nil; got != tt.want {
				t.Errorf("running %t, want %t", got, tt.want)
			}
		})
	}
}

func TestAFailedStreamWaitsBeforeItsNextTry(t *testing.T) {
	runs := make(chan struct{}, 10)
	r := &replica{name: "s", log: slog.New(slog.DiscardHandler), changed: func(string, int) {},
		run: func(context.Context, string) error { runs <- struct{}{}; return errors.New("not today") }}
	defer r.stop("the test is over")
	r.start(t.Context(), 1)
	<-runs
	for r.done != nil { // until its end has been seen
		r.start(t.Context(), 1)
	}
	r.start(t.Context(), 1)
	if r.done != nil {
		t.Error("started again at once")
	}
	r.failed = time.Now().Add(-restartDelay)
	r.start(t.Context(), 1)
	<-runs
}
