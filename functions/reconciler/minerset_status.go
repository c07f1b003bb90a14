package reconciler

import (
	"context"
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	"onex.io/onex/shared/api/apps/v1beta1"
)

// tell writes the status if it says something new.
func (l *minerSetLoop) tell(ctx context.Context, s *minerSetScope, fault error) error {
	status := &s.set.Status
	active := living(s.miners)
	count(s, active)
	status.Selector = setSelector(s.set).String()
	for _, c := range []v1beta1.Condition{slotsPaid(s.set, active), minersCreated(s.created), resized(s.set, len(active)), minersReady(active)} {
		setCondition(&status.Conditions, c, s.now)
	}
	if s.scaling != nil {
		setCondition(&status.Conditions, *s.scaling, s.now)
	}
	setCondition(&status.Conditions, summary(status.Conditions, v1beta1.ConditionPaid, v1beta1.ConditionMinersCreated,
		v1beta1.ConditionResized, v1beta1.ConditionMinersReady), s.now)
	if fault == nil {
		status.ObservedGeneration = s.set.Generation
	}
	if equality.Semantic.DeepEqual(s.seen.Status, *status) {
		return nil
	}
	if _, err := l.api.MinerSets(s.set.Namespace).UpdateStatus(ctx, s.set, metav1.UpdateOptions{}); err != nil {
		return fmt.Errorf("status of minerset %q: %w", s.set.Name, err)
	}
	return nil
}

// count fills in the numbers, and sets the alarm for the next Miner that becomes available.
func count(s *minerSetScope, active []*v1beta1.Miner) {
	status := &s.set.Status
	status.Replicas, status.FullyLabeledReplicas = int32(len(active)), 0
	status.ReadyReplicas, status.AvailableReplicas = 0, 0
	template := labels.SelectorFromSet(s.set.Spec.Template.Metadata.Labels)
	for _, m := range active {
		if template.Matches(labels.Set(m.Labels)) {
			status.FullyLabeledReplicas++
		}
		since := readySince(m.Status.Conditions)
		if since.IsZero() {
			continue
		}
		status.ReadyReplicas++
		available := since.Add(time.Duration(s.set.Spec.MinReadySeconds) * time.Second)
		if available.After(s.now) {
			s.wake(available.Sub(s.now))
			continue
		}
		status.AvailableReplicas++
	}
	status.Ready = fmt.Sprintf("%d/%d", status.ReadyReplicas, wanted(s.set))
}

func minersCreated(fault error) v1beta1.Condition {
	if fault == nil {
		return is(v1beta1.ConditionMinersCreated)
	}
	return isNot(v1beta1.ConditionMinersCreated, v1beta1.SeverityError, v1beta1.ReasonMinerCreationFailed, fault.Error())
}

// slotsPaid tells how many of the wanted Miners are paid for, and what the first of the others waits for.
func slotsPaid(set *v1beta1.MinerSet, active []*v1beta1.Miner) v1beta1.Condition {
	have, want := paid(active), wanted(set)
	if have >= want {
		return is(v1beta1.ConditionPaid)
	}
	told := fmt.Sprintf("%d of %d paid", have, want)
	for _, m := range active {
		if c := v1beta1.FindCondition(m.Status.Conditions, v1beta1.ConditionPaid); c != nil && c.Status != v1beta1.ConditionTrue {
			return isNot(v1beta1.ConditionPaid, c.Severity, c.Reason, told+": "+c.Message)
		}
	}
	return isNot(v1beta1.ConditionPaid, v1beta1.SeverityInfo, v1beta1.ReasonPaying, told)
}

// resized tells whether the set has the size it wants, all of it working.
func resized(set *v1beta1.MinerSet, have int) v1beta1.Condition {
	want, ready := wanted(set), int(set.Status.ReadyReplicas)
	_, disabled := set.Annotations[v1beta1.DisableMinerCreateAnnotation]
	unfit := func(reason, format string, args ...any) v1beta1.Condition {
		return isNot(v1beta1.ConditionResized, v1beta1.SeverityWarning, reason, fmt.Sprintf(format, args...))
	}
	switch {
	case set.DeletionTimestamp != nil:
		return isNot(v1beta1.ConditionResized, v1beta1.SeverityInfo, v1beta1.ReasonDeleting, fmt.Sprintf("%d miners left", have))
	case have > want:
		return unfit(v1beta1.ReasonScalingDown, "Scaling down MinerSet to %d replicas (actual %d)", want, have)
	case have < want && disabled:
		return unfit(v1beta1.ReasonMinerCreateDisabled, "MinerSet may not grow to %d replicas (actual %d)", want, have)
	case have < want, ready < have:
		return unfit(v1beta1.ReasonScalingUp, "Scaling up MinerSet to %d replicas (actual %d)", want, ready)
	}
	return is(v1beta1.ConditionResized)
}

// minersReady sums up the Miners: the worst of their troubles and whose it is.
func minersReady(active []*v1beta1.Miner) v1beta1.Condition {
	worst := is(v1beta1.ConditionMinersReady)
	for _, m := range active {
		ready := v1beta1.FindCondition(m.Status.Conditions, v1beta1.ConditionReady)
		if ready == nil || ready.Status == v1beta1.ConditionTrue {
			continue
		}
		if worst.Status == v1beta1.ConditionTrue || rank(ready.Severity) > rank(worst.Severity) {
			worst = isNot(v1beta1.ConditionMinersReady, ready.Severity, ready.Reason+" @ Miner/"+m.Name, ready.Message)
		}
	}
	return worst
}
