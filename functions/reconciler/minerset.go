package reconciler

import (
	"cmp"
	"context"
	"errors"
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
)

// minerSetLoop keeps as many Miners alive as each MinerSet wants.
type minerSetLoop struct {
	*world
	scalers Scalers
}

// minerSetScope is what one pass knows of its set.
type minerSetScope struct {
	alarm
	seen *v1beta1.MinerSet // as it was read
	set  *v1beta1.MinerSet // our copy; what we tell goes to its status
	// miners are the set's own, those on their way out among them.
	miners []*v1beta1.Miner
	// orphans belong to nobody and fit the set's selector.
	orphans []*v1beta1.Miner
	// leaving are the set's own and do not fit its selector anymore.
	leaving []*v1beta1.Miner
	// strangers are the names of the namespace's other Miners.
	strangers map[string]bool
	created   error
	// scaling is what there is to tell about the set's autoscaling, if it has one.
	scaling *v1beta1.Condition
	now     time.Time
}

// Reconcile makes one pass over the set named by the key.
func (l *minerSetLoop) Reconcile(ctx context.Context, key string) error {
	namespace, name, err := cache.SplitMetaNamespaceKey(key)
	if err != nil {
		return fmt.Errorf("key %q: %w", key, err)
	}
	seen, err := l.minerSets.Get(ctx, namespace, name)
	if err != nil || seen == nil || paused(seen) {
		return err
	}
	s := &minerSetScope{seen: seen, set: seen.DeepCopy(), now: l.now()}
	steps := []step[*minerSetScope]{
		{"metadata", l.metadata}, {"observe", l.observe}, {"release", l.release}, {"adopt", l.adopt},
		{"follow template", l.follow}, {"scale", l.scale}, {"autoscale", l.autoscale},
	}
	if seen.DeletionTimestamp != nil {
		steps = []step[*minerSetScope]{{"observe", l.observe}, {"remove", l.remove}}
	}
	ctx, watched := l.watch(ctx, "minerset", seen)
	err = pass(ctx, s, steps, l.tell)
	watched.end(err)
	return s.outcome(err)
}

// metadata puts the finalizer and the chain's name on the set.
func (l *minerSetLoop) metadata(ctx context.Context, s *minerSetScope) error {
	chain := v1beta1.LabelValue(s.set.Spec.Template.Spec.ChainName)
	if slices.Contains(s.set.Finalizers, v1beta1.MinerSetFinalizer) && s.set.Labels[v1beta1.ChainNameLabel] == chain {
		return nil
	}
	s.set.Finalizers = append(without(s.set.Finalizers, v1beta1.MinerSetFinalizer), v1beta1.MinerSetFinalizer)
	s.set.Labels = maps.Clone(s.set.Labels)
	if s.set.Labels == nil {
		s.set.Labels = map[string]string{}
	}
	s.set.Labels[v1beta1.ChainNameLabel] = chain
	return l.write(ctx, s)
}

func (l *minerSetLoop) write(ctx context.Context, s *minerSetScope) error {
	patch, err := metadataPatch(s.set)
	if err != nil {
		return err
	}
	if _, err := l.api.MinerSets(s.set.Namespace).Patch(ctx, s.set.Name, types.MergePatchType, patch, metav1.PatchOptions{}); err != nil {
		return fmt.Errorf("minerset %q: %w", s.set.Name, err)
	}
	return errWritten
}

func (l *minerSetLoop) observe(ctx context.Context, s *minerSetScope) error {
	all, err := l.miners.List(ctx, s.set.Namespace)
	if err != nil {
		return err
	}
	// In one order always, or what is told of equals would change from pass to pass.
	slices.SortFunc(all, func(a, b *v1beta1.Miner) int { return cmp.Compare(a.Name, b.Name) })
	s.strangers = map[string]bool{}
	for _, m := range all {
		switch {
		case metav1.IsControlledBy(m, s.set) && m.DeletionTimestamp == nil && s.set.DeletionTimestamp == nil && !fits(s.set, m):
			s.leaving = append(s.leaving, m)
		case metav1.IsControlledBy(m, s.set):
			s.miners = append(s.miners, m)
		case adoptable(s.set, m):
			s.orphans = append(s.orphans, m)
		default:
			s.strangers[m.Name] = true
		}
	}
	return nil
}

// follow brings each Miner up to what the template says now.
func (l *minerSetLoop) follow(ctx context.Context, s *minerSetScope) error {
	for i, m := range s.miners {
		next := followed(s.set, m)
		if m.DeletionTimestamp != nil || sameMiner(m, next) {
			continue
		}
		updated, err := l.api.Miners(m.Namespace).Update(ctx, next, metav1.UpdateOptions{})
		if err != nil {
			return fmt.Errorf("miner %q: %w", m.Name, err)
		}
		s.miners[i] = updated
	}
	return nil
}

// scale makes Miners or lets them go, as planned.
func (l *minerSetLoop) scale(ctx context.Context, s *minerSetScope) error {
	p := planScale(s.set, s.miners, s.strangers)
	s.created = l.create(ctx, s, p.create)
	var faults []error
	for _, m := range p.remove {
		faults = append(faults, l.delete(ctx, s, m))
	}
	return errors.Join(append(faults, s.created)...)
}

func (l *minerSetLoop) create(ctx context.Context, s *minerSetScope, slots []int32) error {
	for _, slot := range slots {
		m := newMiner(s.set, slot)
		passTrace(ctx, m)
		_, err := l.api.Miners(m.Namespace).Create(ctx, m, metav1.CreateOptions{})
		if apierrors.IsAlreadyExists(err) {
			continue // made by an earlier pass; the cache is late
		}
		if err != nil {
			l.events.Eventf(s.seen, corev1.EventTypeWarning, "FailedCreate", "Create miner %q: %v", m.Name, err)
			return fmt.Errorf("create miner %q: %w", m.Name, err)
		}
		l.events.Eventf(s.seen, corev1.EventTypeNormal, "SuccessfulCreate", "Created miner %q", m.Name)
	}
	return nil
}

func (l *minerSetLoop) delete(ctx context.Context, s *minerSetScope, m *v1beta1.Miner) error {
	err := l.api.Miners(m.Namespace).Delete(ctx, m.Name, exactly(m))
	if apierrors.IsNotFound(err) || apierrors.IsConflict(err) {
		return nil // gone already; the cache is late
	}
	if err != nil {
		l.events.Eventf(s.seen, corev1.EventTypeWarning, "FailedDelete", "Delete miner %q: %v", m.Name, err)
		return fmt.Errorf("delete miner %q: %w", m.Name, err)
	}
	l.events.Eventf(s.seen, corev1.EventTypeNormal, "SuccessfulDelete", "Deleted miner %q", m.Name)
	return nil
}

// remove asks all Miners to go and, when none is left, lets the set go. Whoever deletes the set and wants to keep
// its Miners says so by a finalizer of Kubernetes, which takes our ownership away first.
func (l *minerSetLoop) remove(ctx context.Context, s *minerSetScope) error {
	if slices.Contains(s.set.Finalizers, metav1.FinalizerOrphanDependents) {
		return errWait
	}
	for _, m := range s.miners {
		if m.DeletionTimestamp == nil {
			if err := l.delete(ctx, s, m); err != nil {
				return err
			}
		}
	}
	if len(s.miners) > 0 {
		return errWait
	}
	if !slices.Contains(s.set.Finalizers, v1beta1.MinerSetFinalizer) {
		return errWritten
	}
	s.set.Finalizers = without(s.set.Finalizers, v1beta1.MinerSetFinalizer)
	return l.write(ctx, s)
}
