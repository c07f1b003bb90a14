package reconciler

import (
	"context"
	"errors"
	"fmt"
	"time"

	"knative.dev/pkg/controller"
)

// A step that can go no further ends its pass with one of these.
var (
	// errWritten says that the object itself was changed: the event of that brings the next pass, and a status
	// written now would only conflict.
	errWritten = errors.New("object written")
	// errWait says that something else has to happen first; the status tells what.
	errWait = errors.New("waiting")
)

// step is one named part of a pass over S.
type step[S any] struct {
	name string
	do   func(context.Context, S) error
}

// passLimit ends a pass that hangs, so that its worker is free for the next.
const passLimit = time.Minute

// pass takes the steps in order, until one fails or ends the pass. tell comes last, even after a fault; after an
// errWritten it does not come at all.
func pass[S any](ctx context.Context, scope S, steps []step[S], tell func(context.Context, S, error) error) error {
	ctx, stop := context.WithTimeout(ctx, passLimit)
	defer stop()
	var fault error
	for _, s := range steps {
		err := s.do(ctx, scope)
		if errors.Is(err, errWritten) {
			return nil
		}
		if errors.Is(err, errWait) {
			break
		}
		if err != nil {
			fault = fmt.Errorf("%s: %w", s.name, err)
			break
		}
	}
	return errors.Join(fault, tell(ctx, scope, fault))
}

// alarm remembers the soonest moment at which a pass must be made again.
type alarm struct{ in time.Duration }

func (a *alarm) wake(in time.Duration) {
	if in > 0 && (a.in == 0 || in < a.in) {
		a.in = in
	}
}

// outcome is what the work queue is told after a pass.
func (a *alarm) outcome(err error) error {
	if err == nil && a.in > 0 {
		return controller.NewRequeueAfter(a.in)
	}
	return err
}
