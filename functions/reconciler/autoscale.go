package reconciler

import (
	"context"
	"errors"
	"fmt"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"onex.io/onex/shared/api/apps/v1beta1"
)

// How soon an autoscaled set is looked at again: KEDA's objects are not watched, because there may be no KEDA.
const (
	whileScaled  = time.Minute
	untilItIs    = 5 * time.Second
	untilItComes = 30 * time.Second
)

// autoscale keeps KEDA's objects as the set's autoscaling wants them. What goes wrong with them is told and tried again;
// the set itself is looked after all the same.
func (l *minerSetLoop) autoscale(ctx context.Context, s *minerSetScope) error {
	told := v1beta1.FindCondition(s.seen.Status.Conditions, v1beta1.ConditionAutoscalingActive)
	switch {
	case s.set.Spec.Autoscaling == nil && told == nil:
		return nil
	case s.set.Spec.Autoscaling == nil:
		return l.unscale(ctx, s)
	case told == nil:
		// First told, then made: whatever happens in between, it is known that there may be something to remove.
		s.scaling = scalingIsNot(v1beta1.SeverityInfo, v1beta1.ReasonAutoscalerPreparing, "KEDA is about to be told")
		return nil
	}
	so, err := l.keepScaler(ctx, s.set)
	var in time.Duration
	if s.scaling, in, err = scalingOf(so, err); in > 0 {
		s.wake(in)
	}
	return err
}

// unscale removes KEDA's objects. The size stays what it is.
func (l *minerSetLoop) unscale(ctx context.Context, s *minerSetScope) error {
	for _, resource := range []string{scaledObjects, triggerAuthentications} {
		if err := l.dismiss(ctx, resource, s.set); err != nil && !errors.Is(err, errNoKeda) {
			return err
		}
	}
	dropCondition(&s.set.Status.Conditions, v1beta1.ConditionAutoscalingActive)
	return nil
}

// keepScaler keeps the ScaledObject, and before it what it leans on.
func (l *minerSetLoop) keepScaler(ctx context.Context, set *v1beta1.MinerSet) (*unstructured.Unstructured, error) {
	if measured(set) {
		if err := l.keepToken(ctx, set); err != nil {
			return nil, err
		}
	}
	so, err := l.keep(ctx, scaledObjects, newScaledObject(set, l.scalers.Measure))
	if err == nil && !measured(set) {
		err = l.dismiss(ctx, triggerAuthentications, set)
	}
	return so, err
}

// keepToken keeps the token by which the set is measured. Its Secret is never read: a Secret of that name holds a token
// for this very set, signed by this very key.
func (l *minerSetLoop) keepToken(ctx context.Context, set *v1beta1.MinerSet) error {
	name := tokenSecret(set, l.scalers.keyMark())
	auth, err := l.keep(ctx, triggerAuthentications, newTriggerAuthentication(set, name))
	if err != nil {
		return err
	}
	secrets := l.core.CoreV1().Secrets(set.Namespace)
	_, err = secrets.Create(ctx, newTokenSecret(auth, name, ""), metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
	if err == nil {
		var text string
		if text, err = l.scalers.token(set.Namespace, string(set.UID), l.now); err != nil {
			return err
		}
		_, err = secrets.Create(ctx, newTokenSecret(auth, name, text), metav1.CreateOptions{})
	}
	if err != nil && !apierrors.IsAlreadyExists(err) {
		return fmt.Errorf("secret %q: %w", name, err)
	}
	return nil
}

func scalingIsNot(severity v1beta1.ConditionSeverity, reason, message string) *v1beta1.Condition {
	c := isNot(v1beta1.ConditionAutoscalingActive, severity, reason, message)
	return &c
}

// scalingOf is what the set says about its autoscaling, and when to look again. A fault that trying at once cannot mend
// is no fault of the pass.
func scalingOf(so *unstructured.Unstructured, err error) (*v1beta1.Condition, time.Duration, error) {
	switch {
	case errors.Is(err, errNoKeda):
		return scalingIsNot(v1beta1.SeverityWarning, v1beta1.ReasonKedaMissing, "the cluster has no KEDA; the set keeps its size"), untilItComes, nil
	case errors.Is(err, errTaken):
		return scalingIsNot(v1beta1.SeverityWarning, v1beta1.ReasonNameTaken, err.Error()), untilItComes, nil
	case err != nil && (apierrors.IsInvalid(err) || apierrors.IsForbidden(err) || apierrors.IsBadRequest(err)):
		return scalingIsNot(v1beta1.SeverityWarning, v1beta1.ReasonAutoscalerRefused, err.Error()), untilItComes, nil
	case err != nil:
		return scalingIsNot(v1beta1.SeverityWarning, v1beta1.ReasonAutoscalerNotReady, err.Error()), 0, err
	}
	status, reason, message := kedaReady(so)
	if status == string(metav1.ConditionTrue) {
		c := is(v1beta1.ConditionAutoscalingActive)
		return &c, whileScaled, nil
	}
	if status == "" {
		return scalingIsNot(v1beta1.SeverityInfo, v1beta1.ReasonAutoscalerNotReady, "KEDA has not looked at it yet"), untilItIs, nil
	}
	return scalingIsNot(v1beta1.SeverityWarning, v1beta1.ReasonAutoscalerNotReady, "KEDA says "+reason+": "+message), untilItIs, nil
}

// kedaReady is what KEDA says of a ScaledObject; empty while it has said nothing.
func kedaReady(so *unstructured.Unstructured) (status, reason, message string) {
	conditions, _, _ := unstructured.NestedSlice(so.Object, "status", "conditions")
	for _, c := range conditions {
		if m, ok := c.(map[string]any); ok && m["type"] == "Ready" {
			return text(m, "status"), text(m, "reason"), text(m, "message")
		}
	}
	return "", "", ""
}

func text(m map[string]any, key string) string {
	s, _ := m[key].(string)
	return s
}
