package reconciler

import (
	"context"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"onex.io/onex/shared/api/apps/v1beta1"
)

// tell writes the status if it says something new.
func (l *minerLoop) tell(ctx context.Context, s *minerScope, fault error) error {
	status := &s.miner.Status
	setCondition(&status.Conditions, podHealthy(s, fault), s.now)
	needs := []v1beta1.ConditionType{v1beta1.ConditionChainFound, v1beta1.ConditionPaid, v1beta1.ConditionPodHealthy}
	if s.place.genesis {
		needs = []v1beta1.ConditionType{v1beta1.ConditionChainFound, v1beta1.ConditionPodHealthy}
	}
	setCondition(&status.Conditions, summary(status.Conditions, needs...), s.now)
	status.PodRef, status.Addresses = podRef(s.pod), addresses(s.pod)
	if phase := phaseOf(s.miner); phase != status.Phase {
		status.Phase, status.LastUpdated = phase, ptr(metav1.NewTime(s.now.Truncate(time.Second)))
	}
	if fault == nil && !s.unfinished {
		status.ObservedGeneration = s.miner.Generation
	}
	if equality.Semantic.DeepEqual(s.seen.Status, *status) {
		return nil
	}
	if _, err := l.api.Miners(s.miner.Namespace).UpdateStatus(ctx, s.miner, metav1.UpdateOptions{}); err != nil {
		return fmt.Errorf("status of miner %q: %w", s.miner.Name, err)
	}
	return nil
}

// podHealthy mirrors the pod.
func podHealthy(s *minerScope, fault error) v1beta1.Condition {
	unfit := func(severity v1beta1.ConditionSeverity, reason, message string) v1beta1.Condition {
		return isNot(v1beta1.ConditionPodHealthy, severity, reason, message)
	}
	switch {
	case s.seen.DeletionTimestamp != nil && fault != nil:
		return unfit(v1beta1.SeverityWarning, v1beta1.ReasonDeletionFailed, fault.Error())
	case s.seen.DeletionTimestamp != nil:
		return unfit(v1beta1.SeverityInfo, v1beta1.ReasonDeleting, "the miner is being deleted")
	case podReady(s.pod):
		return is(v1beta1.ConditionPodHealthy)
	case s.miner.Status.FailureMessage != nil:
		return unfit(v1beta1.SeverityError, v1beta1.ReasonMinerTypeUnsupported, *s.miner.Status.FailureMessage)
	case s.podFault != nil:
		return unfit(v1beta1.SeverityError, v1beta1.ReasonPodCreationFailed, s.podFault.Error())
	case s.pod == nil:
		return unfit(v1beta1.SeverityInfo, v1beta1.ReasonPodProvisioning, "there is no pod yet")
	case s.pod.DeletionTimestamp != nil:
		return unfit(v1beta1.SeverityInfo, v1beta1.ReasonPodReplaced, "the pod is being replaced")
	}
	return podTrouble(s.pod)
}

// podTrouble says why a pod is not ready: what its container waits for, else what the pod says.
func podTrouble(pod *corev1.Pod) v1beta1.Condition {
	for _, c := range pod.Status.ContainerStatuses {
		if w := c.State.Waiting; w != nil && w.Reason != "" && w.Reason != "ContainerCreating" {
			return isNot(v1beta1.ConditionPodHealthy, v1beta1.SeverityWarning, v1beta1.ReasonPodConditionsFailed, w.Reason+": "+w.Message)
		}
	}
	if pod.Status.Phase == corev1.PodFailed || pod.Status.Phase == corev1.PodSucceeded {
		return isNot(v1beta1.ConditionPodHealthy, v1beta1.SeverityWarning, v1beta1.ReasonPodConditionsFailed,
			"the pod has ended: "+orElse(pod.Status.Reason, string(pod.Status.Phase)))
	}
	for _, c := range pod.Status.Conditions {
		if c.Type == corev1.PodReady && c.Message != "" {
			return isNot(v1beta1.ConditionPodHealthy, v1beta1.SeverityWarning, v1beta1.ReasonPodConditionsFailed, c.Message)
		}
	}
	return isNot(v1beta1.ConditionPodHealthy, v1beta1.SeverityInfo, v1beta1.ReasonPodProvisioning, "the pod is starting")
}

func phaseOf(m *v1beta1.Miner) v1beta1.MinerPhase {
	switch {
	case m.DeletionTimestamp != nil:
		return v1beta1.MinerDeleting
	case m.Status.FailureReason != nil:
		return v1beta1.MinerFailed
	case m.Status.PodRef == nil:
		return v1beta1.MinerPending
	case v1beta1.IsTrue(m.Status.Conditions, v1beta1.ConditionPodHealthy):
		return v1beta1.MinerRunning
	}
	return v1beta1.MinerProvisioning
}

func podRef(pod *corev1.Pod) *v1beta1.ObjectReference {
	if pod == nil {
		return nil
	}
	return &v1beta1.ObjectReference{
		APIVersion: "v1", Kind: "Pod", Namespace: pod.Namespace, Name: pod.Name, UID: pod.UID,
	}
}

func addresses(pod *corev1.Pod) []v1beta1.MinerAddress {
	if pod == nil || pod.Status.PodIP == "" {
		return nil
	}
	return []v1beta1.MinerAddress{
		{Type: v1beta1.AddressInternalIP, Address: pod.Status.PodIP},
		{Type: v1beta1.AddressHostname, Address: pod.Name},
	}
}
