package reconciler

import (
	"context"
	"crypto/ed25519"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/record"
	"knative.dev/pkg/controller"

	"onex.io/onex/shared/api/apps/v1beta1"
	"onex.io/onex/shared/fault"
	"onex.io/onex/shared/kube"
	"onex.io/onex/shared/kube/kubetest"
	"onex.io/onex/shared/minertype"
)

// user is the namespace of the stories.
const user = "user-7k2mq9xw4p"

// story is a small world with an object API, a kubelet, a wallet and a clock.
type story struct {
	*world
	t      *testing.T
	server *kubetest.Server
	till   *till
	clock  time.Time
	loops  map[string]controller.Reconciler
	// sick pods never get ready.
	sick map[string]bool
	wake time.Duration
	// scalers sign with a key of the story's own.
	scalers Scalers
}

func newStory(t *testing.T) *story {
	t.Helper()
	server := kubetest.New(t)
	api, err := kube.New(server.Config())
	if err != nil {
		t.Fatal(err)
	}
	core, err := kubernetes.NewForConfig(server.Config())
	if err != nil {
		t.Fatal(err)
	}
	others, err := dynamic.NewForConfig(server.Config())
	if err != nil {
		t.Fatal(err)
	}
	s := &story{t: t, server: server, till: &till{}, clock: time.Now().Truncate(time.Second), sick: map[string]bool{}}
	s.scalers = Scalers{Measure: MeasureAt("http://%s.onex.svc"), Key: ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize))}
	s.world = &world{
		chains:    reads(api.Chains, func(l *v1beta1.ChainList) []v1beta1.Chain { return l.Items }),
		minerSets: reads(api.MinerSets, func(l *v1beta1.MinerSetList) []v1beta1.MinerSet { return l.Items }),
		miners:    reads(api.Miners, func(l *v1beta1.MinerList) []v1beta1.Miner { return l.Items }),
		pods:      reads(core.CoreV1().Pods, func(l *corev1.PodList) []corev1.Pod { return l.Items }),
		services:  reads(core.CoreV1().Services, func(l *corev1.ServiceList) []corev1.Service { return l.Items }),
		api:       api, core: core, nodes: site{core: core, spaces: api}, dynamic: others, events: &record.FakeRecorder{}, now: func() time.Time { return s.clock },
	}
	s.loops = map[string]controller.Reconciler{
		v1beta1.ResourceChains:    &chainLoop{s.world, 5},
		v1beta1.ResourceMinerSets: &minerSetLoop{s.world, s.scalers},
		v1beta1.ResourceMiners: &minerLoop{
			world: s.world, buyer: s.till, types: minertype.Default(), image: "toyblc:1", sink: "http://broker", pace: newPace(),
		},
	}
	return s
}

// pass looks once at every object. Faults of single passes are part of life; they come back until they are gone.
func (s *story) pass() (writes int, faults error) {
	s.t.Helper()
	before := s.server.Writes()
	s.wake = 0
	for _, kind := range []string{v1beta1.ResourceChains, v1beta1.ResourceMinerSets, v1beta1.ResourceMiners} {
		for _, key := range s.keys(kind) {
			err := s.loops[kind].Reconcile(s.t.Context(), key)
			if requeue, in := controller.IsRequeueKey(err); requeue {
				s.wake = in
			} else {
				faults = errors.Join(faults, err)
			}
		}
	}
	return s.server.Writes() - before, faults
}

func (s *story) keys(kind string) (keys []string) {
	for _, ns := range []string{v1beta1.ChainNamespace, user} {
		switch kind {
		case v1beta1.ResourceChains:
			keys = append(keys, keysIn(s, s.chains, ns)...)
		case v1beta1.ResourceMinerSets:
			keys = append(keys, keysIn(s, s.minerSets, ns)...)
		default:
			keys = append(keys, keysIn(s, s.miners, ns)...)
		}
	}
	return keys
}

func keysIn[T metav1.Object](s *story, r reader[T], ns string) (keys []string) {
	s.t.Helper()
	list, err := r.List(s.t.Context(), ns)
	if err != nil {
		s.t.Fatal(err)
	}
	for _, o := range list {
		keys = append(keys, ns+"/"+o.GetName())
	}
	return keys
}

// converge makes passes, with the kubelet at work in between, until one writes nothing.
func (s *story) converge() {
	s.t.Helper()
	var faults error
	for range 40 {
		var writes int
		writes, faults = s.pass()
		if started := s.kubelet(); writes == 0 && started == 0 && faults == nil {
			return
		}
	}
	s.t.Fatalf("never came to rest; last faults: %v", faults)
}

// kubelet starts pods that have not been started.
func (s *story) kubelet() (started int) {
	s.t.Helper()
	for _, ns := range []string{v1beta1.ChainNamespace, user} {
		pods, err := s.pods.List(s.t.Context(), ns)
		if err != nil {
			s.t.Fatal(err)
		}
		for _, p := range pods {
			if (p.Status.Phase != "" && p.Status.Phase != corev1.PodPending) || s.sick[p.Name] {
				continue
			}
			// One that went or changed in between is not started.
			if err := unlessGone("pod", p.Name, s.putPod(p, corev1.PodRunning, corev1.ConditionTrue)); err != nil {
				s.t.Fatal(err)
			}
			started++
		}
	}
	return started
}

func (s *story) setPod(p *corev1.Pod, phase corev1.PodPhase, ready corev1.ConditionStatus) {
	s.t.Helper()
	if err := s.putPod(p, phase, ready); err != nil {
		s.t.Fatal(err)
	}
}

func (s *story) putPod(p *corev1.Pod, phase corev1.PodPhase, ready corev1.ConditionStatus) error {
	next := p.DeepCopy()
	next.Status = corev1.PodStatus{
		Phase: phase, PodIP: "127.1.2.3",
		Conditions: []corev1.PodCondition{{Type: corev1.PodReady, Status: ready}},
	}
	_, err := s.nodes.core.CoreV1().Pods(p.Namespace).UpdateStatus(s.t.Context(), next, metav1.UpdateOptions{})
	return err
}

// live reads the object API itself, so that a story never sees an old world.
type live[T any] struct {
	get  func(ctx context.Context, ns, name string) (T, error)
	list func(ctx context.Context, ns string) ([]T, error)
}

// Get reads one object.
func (l live[T]) Get(ctx context.Context, ns, name string) (T, error) {
	o, err := l.get(ctx, ns, name)
	if apierrors.IsNotFound(err) {
		var none T
		return none, nil
	}
	return o, err
}

// List reads all of a namespace.
func (l live[T]) List(ctx context.Context, ns string) ([]T, error) { return l.list(ctx, ns) }

// getLister is what all typed clients have in common.
type getLister[T, L any] interface {
	Get(ctx context.Context, name string, o metav1.GetOptions) (T, error)
	List(ctx context.Context, o metav1.ListOptions) (L, error)
}

func reads[V, L any, C getLister[*V, L]](of func(ns string) C, items func(L) []V) live[*V] {
	return live[*V]{
		get: func(ctx context.Context, ns, name string) (*V, error) {
			return of(ns).Get(ctx, name, metav1.GetOptions{})
		},
		list: func(ctx context.Context, ns string) ([]*V, error) {
			list, err := of(ns).List(ctx, metav1.ListOptions{})
			if err != nil {
				return nil, err
			}
			return refs(items(list)), nil
		},
	}
}

func refs[T any](items []T) []*T {
	list := make([]*T, len(items))
	for i := range items {
		list[i] = &items[i]
	}
	return list
}

// till is a wallet that remembers what it was asked for.
type till struct {
	mu     sync.Mutex
	refuse error
	funds  *int // how many more slots can be paid; nil for any number
	sold   []Slot
	asked  int
}

func (t *till) BuySlot(_ context.Context, slot Slot) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.asked++
	if t.refuse != nil {
		return t.refuse
	}
	bought := func(s Slot) bool {
		return s.Pool == slot.Pool && s.Number == slot.Number && s.MinerType == slot.MinerType
	}
	if t.funds != nil && !slices.ContainsFunc(t.sold, bought) {
		if *t.funds == 0 {
			return fault.New(fault.Exhausted, "InsufficientFunds", "50 OX are needed")
		}
		*t.funds--
	}
	t.sold = append(t.sold, slot)
	return nil
}

// pay puts coins for so many slots into the wallet.
func (t *till) pay(slots int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.funds = &slots
}

// charges are the distinct places that were sold: what a wallet that charges once per key would have charged.
func (t *till) charges() map[string]int {
	t.mu.Lock()
	defer t.mu.Unlock()
	count := map[string]int{}
	for _, s := range t.sold {
		count[minerName(s.Pool, s.Number)+" "+s.MinerType]++
	}
	return count
}
