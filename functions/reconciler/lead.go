package reconciler

import (
	"context"
	"errors"
	"fmt"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/leaderelection"
	"k8s.io/client-go/tools/leaderelection/resourcelock"
)

// The times of the election, those that Kubernetes' own controllers use.
const (
	leaseDuration = 15 * time.Second
	renewDeadline = 10 * time.Second
	retryPeriod   = 2 * time.Second
)

// errLost ends a reconciler that can no longer be sure to be the only one.
var errLost = errors.New("leadership was lost")

// lead does the work when this reconciler is elected, at once if there is no election. The others stand by with
// their caches warm. The lease is held until the last pass has ended, and given up then.
func lead(ctx context.Context, e *LeaderElection, core kubernetes.Interface, work func(context.Context) error) error {
	if e == nil {
		return work(ctx)
	}
	standing, resign := context.WithCancel(context.WithoutCancel(ctx))
	defer resign()
	worked := make(chan error, 1)
	elector, err := leaderelection.NewLeaderElector(leaderelection.LeaderElectionConfig{
		Name: component,
		Lock: &resourcelock.LeaseLock{
			LeaseMeta:  metav1.ObjectMeta{Namespace: e.Namespace, Name: component},
			Client:     core.CoordinationV1(),
			LockConfig: resourcelock.ResourceLockConfig{Identity: e.Identity},
		},
		LeaseDuration: leaseDuration, RenewDeadline: renewDeadline, RetryPeriod: retryPeriod,
		ReleaseOnCancel: true,
		Callbacks: leaderelection.LeaderCallbacks{
			OnStartedLeading: func(leading context.Context) {
				working, stop := context.WithCancel(leading)
				defer stop()
				defer context.AfterFunc(ctx, stop)()
				worked <- work(working)
				resign()
			},
			OnStoppedLeading: func() {},
		},
	})
	if err != nil {
		return fmt.Errorf("leader election: %w", err)
	}
	defer context.AfterFunc(ctx, func() {
		if !elector.IsLeader() {
			resign()
		}
	})()
	elector.Run(standing)
	return outcomeOf(ctx, worked)
}

// outcomeOf is how the work ended. That it ended at all is a fault, unless the context did.
func outcomeOf(ctx context.Context, worked <-chan error) error {
	select {
	case err := <-worked:
		if err != nil || ctx.Err() != nil {
			return err
		}
	default:
		if ctx.Err() != nil {
			return nil // never elected
		}
	}
	return errLost
}
