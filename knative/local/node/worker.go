package node

import (
	"context"
	"errors"
	"net/netip"
	"os"
	"path/filepath"
	"sync"
	"time"

	v1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"onex.io/onex/knative/local/proc"
)

const (
	// retryDelay is between two looks for something a pod needs that is not there, such as a Secret.
	retryDelay = time.Second
	// longRun is how long a process has to run for its earlier crashes to be forgotten.
	longRun = 10 * time.Minute
	// maxCrashDelay bounds the wait between two restarts.
	maxCrashDelay = 5 * time.Minute
)

// worker runs one pod from the moment it is seen until it is gone from the API.
type worker struct {
	node *Node
	gone chan struct{} // closed when the pod is no longer in the API

	mu          sync.Mutex
	pod         *v1.Pod
	changed     chan struct{} // a token lies in it when pod has changed
	terminating chan struct{} // closed when the pod is to end

	// The rest belongs to run.
	status  *status
	crashes int
}

func newWorker(n *Node, pod *v1.Pod) *worker {
	w := &worker{
		node:        n,
		gone:        make(chan struct{}),
		changed:     make(chan struct{}, 1),
		terminating: make(chan struct{}),
	}
	w.update(pod)
	return w
}

// update gives the worker the pod as it is now.
func (w *worker) update(pod *v1.Pod) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if pod.DeletionTimestamp != nil && (w.pod == nil || w.pod.DeletionTimestamp == nil) {
		close(w.terminating)
	}
	w.pod = pod
	select {
	case w.changed <- struct{}{}:
	default:
	}
}

func (w *worker) current() *v1.Pod {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.pod
}

func (w *worker) dir() string { return filepath.Join(podsDir(w.node.o.State), string(w.current().UID)) }

// run is the pod's life. When the platform stops it ends the process and leaves folder and status as they are: the
// next start goes on from there.
func (w *worker) run(ctx context.Context) {
	pod := w.current()
	if len(pod.Spec.Containers) > 1 || len(pod.Spec.InitContainers) > 0 {
		w.node.o.Log.Warn("pod has more than one container; only the first runs", "pod", podName(pod))
	}
	addr, err := w.node.block.take(pod.Status.PodIP)
	if err != nil {
		w.node.o.Log.Error("take address", "pod", podName(pod), "error", err)
		return
	}
	defer w.node.block.release(addr)
	w.status = newStatus(w.node, pod, addr)
	if !finished(pod) {
		w.live(ctx, addr)
	}
	select {
	case <-w.terminating:
		w.remove(ctx)
	case <-w.gone:
	case <-ctx.Done():
		return
	}
	select {
	case <-w.gone:
		w.clean()
	case <-ctx.Done():
	}
}

// live starts the process again and again, until it has ended for good or nobody wants it any more.
func (w *worker) live(ctx context.Context, addr netip.Addr) {
	for !w.unwanted(ctx) {
		p, c, err := w.start(ctx, addr)
		if err != nil {
			w.status.waiting(ctx, reasonOf(err), err.Error())
			w.pause(ctx, retryDelay)
			continue
		}
		w.status.started(ctx, p.PID())
		begun := time.Now()
		end := w.supervise(ctx, p, c)
		if ctx.Err() != nil {
			return // the platform stops; the pod did not
		}
		w.status.ended(ctx, end)
		if w.unwanted(ctx) || !w.again(end) {
			w.status.finish(ctx, end)
			return
		}
		w.backOff(ctx, time.Since(begun))
	}
}

// again tells whether the restart policy wants another process after this end.
func (w *worker) again(end exit) bool {
	switch w.current().Spec.RestartPolicy {
	case v1.RestartPolicyNever:
		return false
	case v1.RestartPolicyOnFailure:
		return end.code != 0
	default:
		return true
	}
}

// backOff restarts the first time at once, and then after ever longer waits, until a process has run long enough.
func (w *worker) backOff(ctx context.Context, ran time.Duration) {
	if ran > longRun {
		w.crashes = 0
	}
	w.crashes++
	if w.crashes == 1 {
		return
	}
	delay := w.node.o.CrashDelay << min(w.crashes-2, 10)
	delay = min(delay, maxCrashDelay)
	w.status.waiting(ctx, "CrashLoopBackOff", "back-off "+delay.String()+" restarting failed container")
	w.pause(ctx, delay)
}

func (w *worker) unwanted(ctx context.Context) bool {
	select {
	case <-w.terminating:
	case <-w.gone:
	case <-ctx.Done():
	default:
		return false
	}
	return true
}

// pause waits, unless there is something to do sooner.
func (w *worker) pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-w.terminating:
	case <-w.gone:
	case <-ctx.Done():
	}
}

// supervise watches a process until it has ended, and ends it when it is sick or not wanted.
func (w *worker) supervise(ctx context.Context, p *proc.Process, c *container) exit {
	probing, stopProbing := context.WithCancel(ctx)
	defer stopProbing()
	verdicts := make(chan verdict)
	go c.probe(probing, verdicts)
	for {
		select {
		case <-p.Done():
			return exitOf(p, "")
		case v := <-verdicts:
			if v.kind == sick {
				w.status.ready(ctx, false)
				w.end(p, c.sickGrace())
				return exitOf(p, v.message)
			}
			w.status.judge(ctx, v)
		case <-w.terminating:
			stopProbing()
			w.status.ready(ctx, false)
			w.terminate(p)
			return exitOf(p, "")
		case <-w.gone:
			p.Stop(0)
			return exitOf(p, "")
		case <-ctx.Done():
			p.Stop(min(w.node.o.StopGrace, grace(w.current())))
			return exitOf(p, "")
		}
	}
}

// end asks the process to end and kills it after the grace, or at once when its pod is gone.
func (w *worker) end(p *proc.Process, grace time.Duration) {
	timer := time.NewTimer(grace)
	defer timer.Stop()
	p.Signal(sigTerm)
	select {
	case <-p.Done():
		return
	case <-timer.C:
	case <-w.gone:
	}
	p.Stop(0)
}

// terminate ends the process of a pod that is being deleted. Deleting again may shorten its time.
func (w *worker) terminate(p *proc.Process) {
	p.Signal(sigTerm)
	for begun := time.Now(); ; {
		timer := time.NewTimer(time.Until(begun.Add(grace(w.current()))))
		select {
		case <-p.Done():
			timer.Stop()
			return
		case <-w.changed:
			timer.Stop()
			continue
		case <-timer.C:
		case <-w.gone:
			timer.Stop()
		}
		p.Stop(0)
		return
	}
}

// remove deletes the object for good, as only the node may: it alone knows that the process is gone.
func (w *worker) remove(ctx context.Context) {
	pod := w.current()
	zero := int64(0)
	opts := metav1.DeleteOptions{GracePeriodSeconds: &zero, Preconditions: &metav1.Preconditions{UID: &pod.UID}}
	for ctx.Err() == nil {
		err := w.node.o.Client.CoreV1().Pods(pod.Namespace).Delete(ctx, pod.Name, opts)
		if err == nil || apierrors.IsNotFound(err) || apierrors.IsConflict(err) {
			return
		}
		w.node.o.Log.Error("delete pod", "pod", podName(pod), "error", err)
		timer := time.NewTimer(retryDelay)
		select {
		case <-timer.C:
		case <-w.gone:
			timer.Stop()
			return
		case <-ctx.Done():
		}
	}
}

func (w *worker) clean() {
	if err := os.RemoveAll(w.dir()); err != nil && !errors.Is(err, os.ErrNotExist) {
		w.node.o.Log.Error("remove pod folder", "pod", podName(w.current()), "error", err)
	}
}

func finished(pod *v1.Pod) bool {
	return pod.Status.Phase == v1.PodSucceeded || pod.Status.Phase == v1.PodFailed
}

// grace is how long the pod gets to end.
func grace(pod *v1.Pod) time.Duration {
	seconds := int64(v1.DefaultTerminationGracePeriodSeconds)
	if pod.Spec.TerminationGracePeriodSeconds != nil {
		seconds = *pod.Spec.TerminationGracePeriodSeconds
	}
	if pod.DeletionGracePeriodSeconds != nil {
		seconds = *pod.DeletionGracePeriodSeconds
	}
	return time.Duration(seconds) * time.Second
}
