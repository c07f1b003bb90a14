package scaler

import (
	"context"
	"log/slog"
	"time"
)

// restartDelay is between the failure of a stream and its next try.
const restartDelay = time.Second

// replica is a stream that runs or does not; all its methods are called by one goroutine.
type replica struct {
	name    string
	run     Stream
	log     *slog.Logger
	changed func(name string, replicas int)

	cancel context.CancelFunc // nil at zero replicas
	done   chan error
	failed time.Time
}

// demand is what there is to do, and when there last was something.
type demand struct {
	lag    int64
	active bool
	last   time.Time
}

// follow decides what is to be.
func (r *replica) follow(ctx context.Context, so *scaledObject, d demand) {
	switch {
	case so.paused:
		r.stop("it is paused")
	case d.active:
		r.start(ctx, d.lag)
	case time.Since(d.last) >= so.cooldown:
		r.stop("nothing came for " + so.cooldown.String())
	default:
		r.again(ctx)
	}
}

// start scales from 0 to 1; at 1 it only sees that the stream is alive.
func (r *replica) start(ctx context.Context, lag int64) {
	if r.cancel != nil {
		r.again(ctx)
		return
	}
	r.log.Info("stream scaled", "stream", r.name, "from", 0, "to", 1, "lag", lag)
	r.launch(ctx)
	r.changed(r.name, 1)
}

func (r *replica) launch(ctx context.Context) {
	ctx, r.cancel = context.WithCancel(ctx)
	done := make(chan error, 1)
	r.done = done
	go func() { done <- r.run(ctx, r.name) }()
}

// again restarts a stream that has ended by itself, after a pause.
func (r *replica) again(ctx context.Context) {
	if r.cancel == nil {
		return
	}
	select {
	case err := <-r.done:
		r.log.Error("stream ended", "stream", r.name, "error", err)
		r.cancel()
		r.done, r.failed = nil, time.Now()
	default:
	}
	if r.done == nil && time.Since(r.failed) >= restartDelay {
		r.launch(ctx)
	}
}

// stop scales from 1 to 0 and waits for the stream to end.
func (r *replica) stop(why string) {
	if r.cancel == nil {
		return
	}
	r.cancel()
	if r.done != nil {
		if err := <-r.done; err != nil && err != context.Canceled {
			r.log.Warn("stream ended", "stream", r.name, "error", err)
		}
	}
	r.cancel, r.done = nil, nil
	r.log.Info("stream scaled", "stream", r.name, "from", 1, "to", 0, "why", why)
	r.changed(r.name, 0)
}
