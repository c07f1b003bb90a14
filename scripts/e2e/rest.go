package e2e

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/dynamic/dynamicinformer"
	"k8s.io/client-go/tools/cache"

	"onex.io/onex/functions/catalog"
	"onex.io/onex/scripts/life"
)

// How long the platform is watched while nothing, and while little, is asked of it.
const (
	idleFor  = 3 * time.Minute
	quietFor = 10 * time.Minute
)

// The limits that this platform sets itself for a quiet hour.
const (
	quietPods   = 2.0 // function pods, on average
	quietWrites = 1.0 // of the reconciler, a second
)

func pingSources() schema.GroupVersionResource {
	return schema.GroupVersionResource{Group: "sources.knative.dev", Version: "v1", Resource: "pingsources"}
}

// idle stops the clocks, waits until the last pod has gone, and wants none to come.
func (w *world) idle(t *testing.T, seen *sightings) {
	w.stopClocks(t)
	eventually(t, "every pod of a function ends", func(context.Context) error {
		if awake := seen.awake(); len(awake) > 0 {
			return fmt.Errorf("%v: %w", awake, errNotYet)
		}
		return nil
	})
	awake := seen.meter(t.Context(), idleFor)
	if len(awake) > 0 {
		t.Errorf("without work there were pods of %v", slices.Sorted(maps.Keys(awake)))
	}
	t.Logf("no clock, no request, no chain for %s: %d functions had pods", idleFor, len(awake))
}

// stopClocks lets no PingSource tick until the test ends.
func (w *world) stopClocks(t *testing.T) {
	clocks, err := w.dynamic.Resource(pingSources()).Namespace("onex").List(t.Context(), metav1.ListOptions{})
	fatal(t, err)
	for _, c := range clocks.Items {
		spec := c.Object["spec"].(map[string]any)
		t.Cleanup(func() {
			fatal(t, w.setClock(context.WithoutCancel(t.Context()), c.GetName(), spec["schedule"].(string)))
		})
		fatal(t, w.setClock(t.Context(), c.GetName(), "0 0 29 2 *"))
	}
}

func (w *world) setClock(ctx context.Context, name, schedule string) error {
	patch := fmt.Sprintf(`{"spec":{"schedule":%q}}`, schedule)
	_, err := w.dynamic.Resource(pingSources()).Namespace("onex").Patch(ctx, name, types.MergePatchType, []byte(patch), metav1.PatchOptions{})
	return err
}

// awake counts the pods of each operation that has some, those that still end included.
func (s *sightings) awake() map[string]int {
	s.mu.Lock()
	defer s.mu.Unlock()
	awake := map[string]int{}
	for name, pods := range s.alive {
		if len(pods) > 0 {
			awake[name] = len(pods)
		}
	}
	return awake
}

// meter counts pod-seconds of each operation that had any, looking once a second.
func (s *sightings) meter(ctx context.Context, period time.Duration) map[string]int {
	seconds := map[string]int{}
	end := time.After(period)
	for tick := time.NewTicker(time.Second); ; {
		select {
		case <-ctx.Done():
			return seconds
		case <-end:
			tick.Stop()
			return seconds
		case <-tick.C:
			for name, pods := range s.awake() {
				seconds[name] += pods
			}
		}
	}
}

// quiet lets ten miners mine on five chains of twenty users, who ask for nothing.
func (w *world) quiet(t *testing.T, seen *sightings) {
	users := w.quietUsers(t)
	eventually(t, "the operations that were asked for sleep again", func(context.Context) error { return requestless(seen.awake()) })
	writes := w.countWrites(t)
	seconds := seen.meter(t.Context(), quietFor)
	written := float64(writes.Load()) / quietFor.Seconds()
	total := 0
	for _, name := range slices.Sorted(maps.Keys(seconds)) {
		t.Logf("  %-20s %5d pod-seconds", name, seconds[name])
		total += seconds[name]
	}
	average := float64(total) / quietFor.Seconds()
	t.Logf("20 users, 10 miners, a block every 10 s, %s: %.2f function pods on average, %.2f writes a second by the reconciler", quietFor, average, written)
	if average > quietPods {
		t.Errorf("%.2f function pods on average, want at most %.0f", average, quietPods)
	}
	if written > quietWrites {
		t.Errorf("the reconciler writes %.2f times a second, want at most %.0f", written, quietWrites)
	}
	for _, l := range users {
		if l.MinerSet != nil {
			w.remove(t, l)
		}
	}
}

// requestless is an error while an operation is awake that only requests wake.
func requestless(awake map[string]int) error {
	for _, o := range catalog.Operations() {
		if len(o.Wakes) == len(o.Routes()) && awake[o.Name] > 0 {
			return errNotYet
		}
	}
	return nil
}

// quietUsers are twenty, five of whom mine.
func (w *world) quietUsers(t *testing.T) (users []*life.Life) {
	for i := range 20 {
		l := life.New(life.Options{Client: w.api, Pods: w.core.CoreV1(), Out: lines{t}, Patience: patience, BlockInterval: 10 * time.Second, Miners: 2})
		steps := []func(context.Context) error{l.SignUp, l.LogIn, l.ReceiveGift, l.CreateChain, l.BuyMiners, l.SeeMinersRun}
		if i >= 5 {
			steps = steps[:3]
		}
		for _, step := range steps {
			fatal(t, step(t.Context()))
		}
		users = append(users, l)
	}
	return users
}

// countWrites counts the changes of the objects that the reconciler keeps, and of its leases, from now on.
func (w *world) countWrites(t *testing.T) *atomic.Int64 {
	var writes atomic.Int64
	factory := dynamicinformer.NewDynamicSharedInformerFactory(w.dynamic, 0)
	for _, r := range []schema.GroupVersionResource{
		{Group: "apps.onex.io", Version: "v1beta1", Resource: "chains"}, {Group: "apps.onex.io", Version: "v1beta1", Resource: "minersets"},
		{Group: "apps.onex.io", Version: "v1beta1", Resource: "miners"}, {Group: "coordination.k8s.io", Version: "v1", Resource: "leases"},
	} {
		_, err := factory.ForResource(r).Informer().AddEventHandler(cache.ResourceEventHandlerDetailedFuncs{
			AddFunc: func(_ any, listed bool) {
				if !listed {
					writes.Add(1)
				}
			},
			UpdateFunc: func(_, o any) {
				if r.Resource != "leases" || o.(metav1.Object).GetNamespace() == "onex" {
					writes.Add(1)
				}
			},
			DeleteFunc: func(any) { writes.Add(1) },
		})
		fatal(t, err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(func() { cancel(); factory.Shutdown() })
	factory.Start(ctx.Done())
	factory.WaitForCacheSync(ctx.Done())
	return &writes
}
