package reconciler

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/tools/cache"

	"onex.io/onex/shared/api/apps/v1beta1"
	"onex.io/onex/shared/minertype"
)

// minerLoop gives each Miner its key, its slot and its pod, and a new pod whenever that is lost.
type minerLoop struct {
	*world
	buyer SlotBuyer
	types minertype.Catalog
	image string
	sink  string
	tells nodeTelemetry
	pace  *pace
}

// minerScope is what one pass knows of its Miner.
type minerScope struct {
	alarm
	seen  *v1beta1.Miner // as it was read
	miner *v1beta1.Miner // our copy; what we tell goes to its status
	place place
	chain *v1beta1.Chain
	kind  minertype.Type
	pod   *corev1.Pod
	// podFault is why the pod could not be made.
	podFault error
	// unfinished says that the pass ends before the Miner is what its spec wants, without a fault.
	unfinished bool
	now        time.Time
}

// Reconcile makes one pass over the Miner named by the key.
func (l *minerLoop) Reconcile(ctx context.Context, key string) error {
	namespace, name, err := cache.SplitMetaNamespaceKey(key)
	if err != nil {
		return fmt.Errorf("key %q: %w", key, err)
	}
	seen, err := l.miners.Get(ctx, namespace, name)
	if err == nil && seen == nil {
		return l.sweep(ctx, namespace, name)
	}
	if err != nil || paused(seen) {
		return err
	}
	s := &minerScope{seen: seen, miner: seen.DeepCopy(), now: l.now()}
	s.miner.Status.FailureReason, s.miner.Status.FailureMessage = nil, nil
	steps := []step[*minerScope]{
		{"type", l.findType}, {"metadata", l.metadata}, {"pod", l.observePod}, {"owner", l.findPlace}, {"chain", l.findChain},
		{"key", l.ensureKey}, {"slot", l.pay}, {"run", l.run},
	}
	if seen.DeletionTimestamp != nil {
		steps = []step[*minerScope]{{"pod", l.observePod}, {"remove", l.remove}}
	}
	ctx, watched := l.watch(ctx, "miner", seen)
	err = pass(ctx, s, steps, l.tell)
	watched.end(err)
	return s.outcome(err)
}

// findType looks the Miner's type up. A type that is not on the price list stops nothing that runs already.
func (l *minerLoop) findType(_ context.Context, s *minerScope) error {
	name := orElse(s.miner.Spec.MinerType, defaultMinerType)
	var known bool
	if s.kind, known = l.types.Get(name); !known {
		reason, message := v1beta1.FailureInvalidConfiguration, fmt.Sprintf("miner type %q is not on the price list", name)
		s.miner.Status.FailureReason, s.miner.Status.FailureMessage = &reason, &message
	}
	return nil
}

// metadata puts the finalizer and the size of the type on the Miner.
func (l *minerLoop) metadata(ctx context.Context, s *minerScope) error {
	notes := maps.Clone(s.miner.Annotations)
	if notes == nil {
		notes = map[string]string{}
	}
	if s.kind.Name != "" {
		notes[v1beta1.CPUAnnotation], notes[v1beta1.MemoryAnnotation] = s.kind.CPU, s.kind.Memory
	}
	if slices.Contains(s.miner.Finalizers, v1beta1.MinerFinalizer) && maps.Equal(notes, s.miner.Annotations) {
		return nil
	}
	s.miner.Finalizers = append(without(s.miner.Finalizers, v1beta1.MinerFinalizer), v1beta1.MinerFinalizer)
	s.miner.Annotations = notes
	return l.write(ctx, s)
}

func (l *minerLoop) write(ctx context.Context, s *minerScope) error {
	patch, err := metadataPatch(s.miner)
	if err != nil {
		return err
	}
	if _, err := l.api.Miners(s.miner.Namespace).Patch(ctx, s.miner.Name, types.MergePatchType, patch, metav1.PatchOptions{}); err != nil {
		return fmt.Errorf("miner %q: %w", s.miner.Name, err)
	}
	return errWritten
}

// observePod finds the Miner's pod. One of the same name that is somebody else's is not it.
func (l *minerLoop) observePod(ctx context.Context, s *minerScope) error {
	pod, err := l.pods.Get(ctx, s.miner.Namespace, s.miner.Name)
	if err != nil || pod == nil {
		return err
	}
	if !l.nodes.isOf(pod, s.miner) {
		return l.sweep(ctx, s.miner.Namespace, s.miner.Name)
	}
	s.pod = pod
	return nil
}

// findPlace finds out where the Miner stands, and stops if its owner cannot be seen: to take a Miner of a set for
// one that stands alone would charge its user for another slot.
func (l *minerLoop) findPlace(ctx context.Context, s *minerScope) (err error) {
	owner := metav1.GetControllerOf(s.miner)
	var set *v1beta1.MinerSet
	var chain *v1beta1.Chain
	if owner != nil && owner.Kind == v1beta1.KindMinerSet {
		set, err = l.minerSets.Get(ctx, s.miner.Namespace, owner.Name)
	}
	if owner != nil && owner.Kind == v1beta1.KindChain {
		chain, err = l.chains.Get(ctx, s.miner.Namespace, owner.Name)
	}
	if err != nil {
		return err
	}
	var known bool
	if s.place, known = placeOf(s.miner, owner, set, chain); !known {
		s.wake(ownerPatience)
		return errWait
	}
	if s.place.adopted {
		siblings, err := l.siblings(ctx, s.miner)
		if err != nil {
			return err
		}
		s.place.slot = slotsOf(set, siblings)[s.miner.Name]
	}
	return nil
}

// siblings are all Miners that have the same owner as this one, this one among them.
func (l *minerLoop) siblings(ctx context.Context, m *v1beta1.Miner) ([]*v1beta1.Miner, error) {
	all, err := l.miners.List(ctx, m.Namespace)
	if err != nil {
		return nil, err
	}
	owner := metav1.GetControllerOf(m)
	return slices.DeleteFunc(all, func(other *v1beta1.Miner) bool {
		of := metav1.GetControllerOf(other)
		return owner == nil || of == nil || of.UID != owner.UID
	}), nil
}

// ownerPatience is how soon to look again for an owner that is not to be seen.
const ownerPatience = 2 * time.Second

func (l *minerLoop) findChain(ctx context.Context, s *minerScope) (err error) {
	if s.chain, err = l.chainOf(ctx, s.miner.Namespace, s.miner.Spec.ChainName); err != nil {
		return err
	}
	if s.chain == nil {
		setCondition(&s.miner.Status.Conditions, isNot(v1beta1.ConditionChainFound, v1beta1.SeverityWarning,
			v1beta1.ReasonChainNotFound, fmt.Sprintf("there is no chain %q", s.miner.Spec.ChainName)), s.now)
		return errWait
	}
	setCondition(&s.miner.Status.Conditions, is(v1beta1.ConditionChainFound), s.now)
	if s.kind.Name == "" {
		return errWait
	}
	return nil
}

// remove asks the pod to go and, when it has gone or was given time enough, lets the Miner go. Its key goes by
// its owner, where that can be.
func (l *minerLoop) remove(ctx context.Context, s *minerScope) error {
	if !slices.Contains(s.miner.Finalizers, v1beta1.MinerFinalizer) {
		return errWritten
	}
	if s.pod != nil && s.pod.DeletionTimestamp == nil {
		if err := l.deletePod(ctx, s); err != nil {
			return err
		}
	}
	if s.pod != nil {
		left, limited := timeLeft(s.miner, s.now)
		if !limited || left > 0 {
			s.wake(left)
			return errWait
		}
	}
	if err := l.nodes.dropKey(ctx, s.miner.Namespace, keySecret(s.miner)); err != nil {
		return err
	}
	s.miner.Finalizers = without(s.miner.Finalizers, v1beta1.MinerFinalizer)
	return l.write(ctx, s)
}

func (l *minerLoop) deletePod(ctx context.Context, s *minerScope) error {
	err := l.nodes.core.CoreV1().Pods(s.pod.Namespace).Delete(ctx, s.pod.Name, exactly(s.pod))
	if apierrors.IsNotFound(err) || apierrors.IsConflict(err) {
		return nil // gone already; the cache is late
	}
	if err != nil {
		l.events.Eventf(s.seen, corev1.EventTypeWarning, "FailedDeletePod", "Delete pod %q: %v", s.pod.Name, err)
		return fmt.Errorf("delete pod %q: %w", s.pod.Name, err)
	}
	l.events.Eventf(s.seen, corev1.EventTypeNormal, "SuccessfulDeletePod", "Deleted pod %q", s.pod.Name)
	s.pod = s.pod.DeepCopy() // it is going, which the cache will show later
	s.pod.DeletionTimestamp = ptr(metav1.NewTime(s.now.Truncate(time.Second)))
	return nil
}

// timeLeft is how long a Miner still waits for its pod to go, if there is a limit to that at all.
func timeLeft(m *v1beta1.Miner, now time.Time) (left time.Duration, limited bool) {
	if m.Spec.PodDeletionTimeout == nil || m.Spec.PodDeletionTimeout.Duration <= 0 || m.DeletionTimestamp == nil {
		return 0, false
	}
	return m.DeletionTimestamp.Add(m.Spec.PodDeletionTimeout.Duration).Sub(now), true
}
