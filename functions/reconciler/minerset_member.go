package reconciler

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	"onex.io/onex/shared/api/apps/v1beta1"
)

// setSelector picks the Miners of a set, and their pods.
func setSelector(set *v1beta1.MinerSet) labels.Set {
	return labels.Set{v1beta1.MinerSetLabel: v1beta1.LabelValue(set.Name)}
}

// fits tells whether the set selects a Miner: by the label that it gives to its own, or by the selector of its spec.
func fits(set *v1beta1.MinerSet, m *v1beta1.Miner) bool {
	if setSelector(set).AsSelector().Matches(labels.Set(m.Labels)) {
		return true
	}
	if set.Spec.Selector == nil {
		return false
	}
	selector, err := metav1.LabelSelectorAsSelector(set.Spec.Selector)
	return err == nil && !selector.Empty() && selector.Matches(labels.Set(m.Labels))
}

// adoptable tells whether the set may take a Miner that nobody owns. One of another chain could never follow the
// template.
func adoptable(set *v1beta1.MinerSet, m *v1beta1.Miner) bool {
	return metav1.GetControllerOf(m) == nil && m.DeletionTimestamp == nil && set.DeletionTimestamp == nil &&
		m.Spec.ChainName == set.Spec.Template.Spec.ChainName && fits(set, m)
}

// adopt makes the orphans the set's own. Each takes a slot of the set's pool.
func (l *minerSetLoop) adopt(ctx context.Context, s *minerSetScope) error {
	for _, m := range s.orphans {
		next := followed(s.set, m)
		next.OwnerReferences = append(next.OwnerReferences, *metav1.NewControllerRef(s.set, v1beta1.Kind(v1beta1.KindMinerSet)))
		adopted, err := l.api.Miners(m.Namespace).Update(ctx, next, metav1.UpdateOptions{})
		if err != nil {
			l.events.Eventf(s.seen, corev1.EventTypeWarning, "FailedAdopt", "Adopt miner %q: %v", m.Name, err)
			return fmt.Errorf("miner %q: %w", m.Name, err)
		}
		l.events.Eventf(s.seen, corev1.EventTypeNormal, "SuccessfulAdopt", "Adopted miner %q", m.Name)
		s.miners = append(s.miners, adopted)
	}
	return nil
}

// release lets Miners go that somebody has relabeled so that the set no longer selects them. Each is a pool of its own
// from then on, and the set fills its place.
func (l *minerSetLoop) release(ctx context.Context, s *minerSetScope) error {
	for _, m := range s.leaving {
		if _, err := l.api.Miners(m.Namespace).Update(ctx, released(s.set, m), metav1.UpdateOptions{}); err != nil {
			return fmt.Errorf("miner %q: %w", m.Name, err)
		}
		l.events.Eventf(s.seen, corev1.EventTypeNormal, "SuccessfulRelease", "Released miner %q", m.Name)
		s.strangers[m.Name] = true
	}
	return nil
}

// released is the Miner without what made it the set's.
func released(set *v1beta1.MinerSet, m *v1beta1.Miner) *v1beta1.Miner {
	next := m.DeepCopy()
	next.OwnerReferences = slices.DeleteFunc(next.OwnerReferences, func(r metav1.OwnerReference) bool { return r.UID == set.UID })
	maps.DeleteFunc(next.Labels, func(k, _ string) bool { return k == v1beta1.MinerSetNameLabel })
	maps.DeleteFunc(next.Annotations, func(k, _ string) bool { return k == templateKeysAnnotation })
	return next
}

// slotsOf says which slot of the set's pool each of its Miners stands in, by name. A name that holds a slot decides.
// Adopted Miners have other names: they keep the slot that they bought, or take the lowest that nobody stands in.
func slotsOf(set *v1beta1.MinerSet, miners []*v1beta1.Miner) map[string]int32 {
	slots, taken := make(map[string]int32, len(miners)), make(map[int32]bool, len(miners))
	take := func(m *v1beta1.Miner, slot int32) { slots[m.Name], taken[slot] = slot, true }
	var adopted, homeless []*v1beta1.Miner
	for _, m := range miners {
		if slot, named := slotOf(set.Name, m.Name); named {
			take(m, slot)
		} else {
			adopted = append(adopted, m)
		}
	}
	slices.SortFunc(adopted, func(a, b *v1beta1.Miner) int { return cmp.Compare(a.Name, b.Name) })
	for _, m := range adopted {
		if p := m.Status.Purchase; p != nil && p.Pool == string(set.UID) && !taken[p.Slot] {
			take(m, p.Slot)
		} else {
			homeless = append(homeless, m)
		}
	}
	lowest := int32(0)
	for _, m := range homeless {
		for taken[lowest] {
			lowest++
		}
		take(m, lowest)
	}
	return slots
}
