package reconciler

import (
	"context"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"onex.io/onex/shared/api/apps/v1beta1"
)

// podAct is what a pass does about a pod.
type podAct int

// The acts.
const (
	podKeep podAct = iota
	podCreate
	podReplace // delete; its going brings the pass that creates the next
	podAwait   // it is going, or must rest a while before it is replaced
)

// podRest is how old a pod must be before a dead one is replaced, so that a node that dies at once does not make
// the cluster spin.
const podRest = 10 * time.Second

// decidePod compares the pod with the one that is wanted.
func decidePod(have, want *corev1.Pod, now time.Time) (podAct, time.Duration) {
	switch {
	case have == nil:
		return podCreate, 0
	case have.DeletionTimestamp != nil:
		return podAwait, 0
	case have.Annotations[v1beta1.TemplateHashAnnotation] != want.Annotations[v1beta1.TemplateHashAnnotation]:
		return podReplace, 0
	case have.Status.Phase == corev1.PodFailed, have.Status.Phase == corev1.PodSucceeded:
		if rest := have.CreationTimestamp.Add(podRest).Sub(now); rest > 0 {
			return podAwait, rest
		}
		return podReplace, 0
	}
	return podKeep, 0
}

// run keeps the Miner's pod: there, alive, and of the make that is wanted now. A key that is new is told first.
func (l *minerLoop) run(ctx context.Context, s *minerScope) error {
	if s.miner.Status.PublicKey != s.seen.Status.PublicKey {
		s.unfinished = true
		return errWait
	}
	want, err := buildPod(node{
		miner: s.miner, chain: s.chain, kind: s.kind, genesis: s.place.genesis, image: l.imageOf(s.chain), sink: l.sink, tells: l.tells,
	})
	if err != nil {
		return err
	}
	act, rest := decidePod(s.pod, want, s.now)
	s.wake(rest)
	switch act {
	case podCreate:
		return l.createPod(ctx, s, want)
	case podReplace:
		return l.replacePod(ctx, s)
	}
	return nil
}

// replacePod deletes the pod. One that works waits for its turn among those of its set.
func (l *minerLoop) replacePod(ctx context.Context, s *minerScope) error {
	if podReady(s.pod) {
		turn, err := l.isTurn(ctx, s)
		if err != nil {
			return err
		}
		if !turn {
			s.unfinished = true
			s.wake(rollSettle)
			return nil
		}
	}
	return l.deletePod(ctx, s)
}

// imageOf is the image of a chain's nodes. Only the operator's own chains choose one.
func (l *minerLoop) imageOf(chain *v1beta1.Chain) string {
	if chain.Namespace == v1beta1.ChainNamespace {
		return orElse(chain.Spec.Image, l.image)
	}
	return l.image
}

func (l *minerLoop) createPod(ctx context.Context, s *minerScope, want *corev1.Pod) error {
	passTrace(ctx, want)
	l.nodes.settle(want)
	created, err := l.nodes.core.CoreV1().Pods(want.Namespace).Create(ctx, want, metav1.CreateOptions{})
	if apierrors.IsAlreadyExists(err) {
		// Ours and the cache is late; or that of an earlier Miner of this name, on its way out. Its event comes.
		s.wake(ownerPatience)
		return nil
	}
	if err != nil {
		l.events.Eventf(s.seen, corev1.EventTypeWarning, "FailedCreatePod", "Create pod %q: %v", want.Name, err)
		s.podFault = fmt.Errorf("create pod %q: %w", want.Name, err)
		return s.podFault
	}
	s.pod = created
	l.events.Eventf(s.seen, corev1.EventTypeNormal, "SuccessfulCreatePod", "Created pod %q", want.Name)
	return nil
}

// podReady tells whether the pod answers as it should.
func podReady(pod *corev1.Pod) bool {
	if pod == nil || pod.DeletionTimestamp != nil {
		return false
	}
	for _, c := range pod.Status.Conditions {
		if c.Type == corev1.PodReady {
			return c.Status == corev1.ConditionTrue
		}
	}
	return false
}
