package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"sync"
	"testing"

	"golang.org/x/sync/errgroup"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/tools/cache"

	"onex.io/onex/scripts/life"
	"onex.io/onex/shared/api/apps/v1beta1"
)

// sightings are what the object API showed while the life was lived.
type sightings struct {
	serverless bool // the operations are Knative Services

	mu   sync.Mutex
	pods map[string]map[string]int // namespace → miner's name → how many different pods it had
	uids map[string]bool
	// cycle is how far each operation has come: it has had no pod, then one of its own revision, then none.
	cycle map[string]stage
	alive map[string]map[string]bool // operation → its pods
}

type stage int

const (
	neverSeen stage = iota
	wasZero
	wasUp
	backToZero
)

// watch sees every pod from now on.
func (w *world) watch(t *testing.T) *sightings {
	s := &sightings{
		pods: map[string]map[string]int{}, uids: map[string]bool{},
		cycle: map[string]stage{}, alive: map[string]map[string]bool{},
	}
	for _, name := range w.operations(t) {
		s.serverless = true
		s.alive[name] = map[string]bool{}
	}
	factory := informers.NewSharedInformerFactory(w.core, 0)
	pods := factory.Core().V1().Pods().Informer()
	_, err := pods.AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc:    func(o any) { s.see(o.(*corev1.Pod), false) },
		UpdateFunc: func(_, o any) { s.see(o.(*corev1.Pod), false) },
		DeleteFunc: func(o any) {
			if p, ok := o.(*corev1.Pod); ok {
				s.see(p, true)
			}
		},
	})
	fatal(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(func() { cancel(); factory.Shutdown() })
	factory.Start(ctx.Done())
	factory.WaitForCacheSync(ctx.Done())
	s.atRest()
	return s
}

// operations are the names of the Knative Services and of the streams; none where there is no Knative.
func (w *world) operations(t *testing.T) []string {
	t.Helper()
	list, err := w.dynamic.Resource(knativeServices()).Namespace("onex").List(t.Context(), metav1.ListOptions{})
	if err != nil || len(list.Items) == 0 {
		return nil
	}
	var names []string
	for _, s := range list.Items {
		names = append(names, s.GetName())
	}
	streams, err := w.core.AppsV1().StatefulSets("onex").List(t.Context(), metav1.ListOptions{})
	fatal(t, err)
	for _, s := range streams.Items {
		names = append(names, s.Name)
	}
	return names
}

func (s *sightings) see(p *corev1.Pod, gone bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if miner := p.Annotations[v1beta1.MinerAnnotation]; miner != "" && !s.uids[string(p.UID)] && p.Labels[v1beta1.ChainNameLabel] == "" {
		s.uids[string(p.UID)] = true
		if s.pods[p.Namespace] == nil {
			s.pods[p.Namespace] = map[string]int{}
		}
		s.pods[p.Namespace][miner]++
	}
	alive, ours := s.alive[p.Labels["app.kubernetes.io/component"]]
	if !ours || p.Namespace != "onex" {
		return
	}
	name := p.Labels["app.kubernetes.io/component"]
	if gone || p.Status.Phase == corev1.PodSucceeded || p.Status.Phase == corev1.PodFailed {
		delete(alive, string(p.UID))
	} else {
		alive[string(p.UID)] = true
	}
	switch {
	case len(alive) == 0 && s.cycle[name] == neverSeen:
		s.cycle[name] = wasZero
	case life.PodReady(p) && !gone && s.cycle[name] == wasZero:
		s.cycle[name] = wasUp
	case len(alive) == 0 && s.cycle[name] == wasUp:
		s.cycle[name] = backToZero
	}
}

// atRest notes which operations have no pod now.
func (s *sightings) atRest() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for name, alive := range s.alive {
		if len(alive) == 0 && s.cycle[name] == neverSeen {
			s.cycle[name] = wasZero
		}
	}
}

// minersWithPods are the names of the miners in a namespace that ever had a pod, without genesis nodes.
func (s *sightings) minersWithPods(namespace string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Sorted(maps.Keys(s.pods[namespace]))
}

// fromZeroToZero waits until every operation has been through its cycle.
func (w *world) fromZeroToZero(t *testing.T, s *sightings) {
	w.wakeEach(t, s)
	eventually(t, "every operation was at zero, up, and at zero again", func(context.Context) error {
		s.mu.Lock()
		defer s.mu.Unlock()
		var waiting []string
		for name := range s.alive {
			if s.cycle[name] != backToZero {
				waiting = append(waiting, fmt.Sprintf("%s (stage %d, %d pods)", name, s.cycle[name], len(s.alive[name])))
			}
		}
		if len(waiting) > 0 {
			slices.Sort(waiting)
			return fmt.Errorf("waiting for %v: %w", waiting, errNotYet)
		}
		return nil
	})
}

// wakeAtOnce is how many sleeping operations are called at the same time.
const wakeAtOnce = 4

// wakeEach calls each operation that has not been through its cycle, once it has no pod.
func (w *world) wakeEach(t *testing.T, s *sightings) {
	l := w.newcomer(t)
	eventually(t, "every operation is called from zero", func(ctx context.Context) error {
		s.mu.Lock()
		var cold, warm []string
		for name, alive := range s.alive {
			switch {
			case s.cycle[name] >= wasUp:
			case len(alive) == 0:
				cold = append(cold, name)
			default:
				warm = append(warm, name)
			}
		}
		s.mu.Unlock()
		if len(cold)+len(warm) == 0 {
			return nil
		}
		var calls errgroup.Group
		calls.SetLimit(wakeAtOnce)
		for _, name := range cold {
			calls.Go(func() error { w.wake(ctx, t, l, name); return nil })
		}
		_ = calls.Wait() // a refusal is an answer
		return fmt.Errorf("cold %v, still warm %v: %w", cold, warm, errNotYet)
	})
}

func decode(r io.Reader, out any) error {
	if err := json.NewDecoder(io.LimitReader(r, 1<<20)).Decode(out); err != nil {
		return fmt.Errorf("answer: %w", err)
	}
	return nil
}
