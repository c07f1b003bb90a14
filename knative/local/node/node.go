// Package node does on one machine, without containers, what a kubelet does on a cluster's: it takes the pods of the
// API server and runs each as an operating-system process with an address of its own.
package node

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	v1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/cache"
)

// Name is the node's name in the API.
const Name = "local"

// OwnerAnnotation of the node says which platform it belongs to.
const OwnerAnnotation = "onex.io/platform"

// Options says what the node runs and where.
type Options struct {
	Client kubernetes.Interface
	// State is the platform's folder; the node uses pods, logs/pods and block in it.
	State string
	// Owner names the platform; it is written on the node.
	Owner string
	// Images maps an image name, with or without tag, to the path of the program that it stands for.
	Images map[string]string
	// Env is set for every process, below what its pod sets; HTTP_PROXY goes here.
	Env map[string]string
	// CrashDelay is the wait before the second restart in a row; it doubles with each further one. Zero means ten
	// seconds, as on a cluster.
	CrashDelay time.Duration
	// StopGrace bounds how long processes get to end when the platform stops. Zero means five seconds.
	StopGrace time.Duration
	Log       *slog.Logger
}

// Node runs pods. It holds a loopback network from New until Run returns.
type Node struct {
	o     Options
	block *block

	mu      sync.Mutex
	workers map[types.UID]*worker
	running sync.WaitGroup
}

// New makes a node and claims its addresses; Run gives them back.
func New(o Options) (*Node, error) {
	if o.CrashDelay == 0 {
		o.CrashDelay = 10 * time.Second
	}
	if o.StopGrace == 0 {
		o.StopGrace = 5 * time.Second
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	state, err := filepath.Abs(o.State)
	if err != nil {
		return nil, fmt.Errorf("resolve state folder %q: %w", o.State, err)
	}
	o.State = state
	for _, dir := range []string{podsDir(state), logsDir(state)} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return nil, fmt.Errorf("make folder %q: %w", dir, err)
		}
	}
	b, err := claimBlock(state)
	if err != nil {
		return nil, err
	}
	return &Node{o: o, block: b, workers: map[types.UID]*worker{}}, nil
}

// Run runs pods until ctx ends, and returns when no process is left.
func (n *Node) Run(ctx context.Context) error {
	defer n.block.close()
	defer n.running.Wait()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	if err := n.register(ctx); err != nil {
		return err
	}
	// Seeing every pod again now and then repeats a binding that failed.
	factory := informers.NewSharedInformerFactoryWithOptions(n.o.Client, 30*time.Second,
		informers.WithTransform(slim))
	pods := factory.Core().V1().Pods().Informer()
	handler := cache.ResourceEventHandlerFuncs{
		AddFunc:    func(o any) { n.see(ctx, o.(*v1.Pod)) },
		UpdateFunc: func(_, o any) { n.see(ctx, o.(*v1.Pod)) },
		DeleteFunc: func(o any) { n.forget(o) },
	}
	reg, err := pods.AddEventHandler(handler)
	if err != nil {
		return fmt.Errorf("watch pods: %w", err)
	}
	factory.Start(ctx.Done())
	defer factory.Shutdown()
	defer cancel() // before Shutdown, which waits for it
	if !cache.WaitForCacheSync(ctx.Done(), reg.HasSynced) {
		return nil
	}
	n.sweep(pods.GetStore().List())
	<-ctx.Done()
	return nil
}

// register makes the node visible to kubectl.
func (n *Node) register(ctx context.Context) error {
	node := &v1.Node{
		ObjectMeta: metav1.ObjectMeta{Name: Name, Labels: map[string]string{v1.LabelHostname: Name}, Annotations: map[string]string{OwnerAnnotation: n.o.Owner}},
		Status: v1.NodeStatus{
			Addresses:  []v1.NodeAddress{{Type: v1.NodeInternalIP, Address: n.block.host().String()}},
			Conditions: []v1.NodeCondition{{Type: v1.NodeReady, Status: v1.ConditionTrue, Reason: "Running", LastHeartbeatTime: metav1.Now(), LastTransitionTime: metav1.Now()}},
		},
	}
	_, err := n.o.Client.CoreV1().Nodes().Create(ctx, node, metav1.CreateOptions{})
	if apierrors.IsAlreadyExists(err) {
		return n.readdress(ctx, node.Status)
	}
	if err != nil {
		return fmt.Errorf("register node: %w", err)
	}
	return nil
}

func (n *Node) readdress(ctx context.Context, status v1.NodeStatus) error {
	node, err := n.o.Client.CoreV1().Nodes().Get(ctx, Name, metav1.GetOptions{})
	if err != nil {
		return fmt.Errorf("read node: %w", err)
	}
	node.Status = status
	if _, err := n.o.Client.CoreV1().Nodes().UpdateStatus(ctx, node, metav1.UpdateOptions{}); err != nil {
		return fmt.Errorf("update node: %w", err)
	}
	return nil
}

// see takes a pod as it is now: binds it if nobody has, runs it if it is ours.
func (n *Node) see(ctx context.Context, pod *v1.Pod) {
	switch pod.Spec.NodeName {
	case "":
		n.bind(ctx, pod)
	case Name:
		n.hand(ctx, pod)
	}
}

// bind does the scheduler's work.
func (n *Node) bind(ctx context.Context, pod *v1.Pod) {
	if pod.DeletionTimestamp != nil || len(pod.Spec.SchedulingGates) > 0 {
		return
	}
	err := n.o.Client.CoreV1().Pods(pod.Namespace).Bind(ctx, &v1.Binding{
		ObjectMeta: metav1.ObjectMeta{Namespace: pod.Namespace, Name: pod.Name, UID: pod.UID},
		Target:     v1.ObjectReference{Kind: "Node", Name: Name},
	}, metav1.CreateOptions{})
	if err != nil && !apierrors.IsNotFound(err) && !apierrors.IsConflict(err) && ctx.Err() == nil {
		n.o.Log.Error("bind pod", "pod", podName(pod), "error", err)
	}
}

// hand gives the pod to its worker, which it starts for a new one.
func (n *Node) hand(ctx context.Context, pod *v1.Pod) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if w, ok := n.workers[pod.UID]; ok {
		w.update(pod)
		return
	}
	w := newWorker(n, pod)
	n.workers[pod.UID] = w
	n.running.Go(func() { w.run(ctx) })
}

// forget tells the worker that its pod is no longer in the API, for whatever reason.
func (n *Node) forget(o any) {
	if last, ok := o.(cache.DeletedFinalStateUnknown); ok {
		o = last.Obj
	}
	pod, ok := o.(*v1.Pod)
	if !ok {
		return
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if w, ok := n.workers[pod.UID]; ok {
		close(w.gone)
		delete(n.workers, pod.UID)
	}
}

// sweep removes the folders of pods that went while the platform was down.
func (n *Node) sweep(pods []any) {
	known := map[string]bool{}
	for _, o := range pods {
		if pod, ok := o.(*v1.Pod); ok {
			known[string(pod.UID)] = true
		}
	}
	dirs, err := os.ReadDir(podsDir(n.o.State))
	if err != nil {
		n.o.Log.Error("list pod folders", "error", err)
		return
	}
	for _, d := range dirs {
		if known[d.Name()] || n.has(types.UID(d.Name())) {
			continue
		}
		if err := os.RemoveAll(filepath.Join(podsDir(n.o.State), d.Name())); err != nil && !errors.Is(err, os.ErrNotExist) {
			n.o.Log.Error("remove pod folder", "folder", d.Name(), "error", err)
		}
	}
}

func (n *Node) has(uid types.UID) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.workers[uid] != nil
}

// slim drops the part of an object that is often its larger half and that nobody here reads.
func slim(o any) (any, error) {
	if m, ok := o.(metav1.Object); ok {
		m.SetManagedFields(nil)
	}
	return o, nil
}

func podsDir(state string) string { return filepath.Join(state, "pods") }

func logsDir(state string) string { return filepath.Join(state, "logs", "pods") }

func podName(pod *v1.Pod) string { return pod.Namespace + "/" + pod.Name }
