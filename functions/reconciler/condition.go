package reconciler

import (
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"onex.io/onex/shared/api/apps/v1beta1"
)

// is makes a condition that holds.
func is(t v1beta1.ConditionType) v1beta1.Condition {
	return v1beta1.Condition{Type: t, Status: v1beta1.ConditionTrue}
}

// isNot makes a condition that does not hold.
func isNot(t v1beta1.ConditionType, severity v1beta1.ConditionSeverity, reason, message string) v1beta1.Condition {
	return v1beta1.Condition{
		Type: t, Status: v1beta1.ConditionFalse, Severity: severity, Reason: reason, Message: message,
	}
}

// setCondition puts the condition among the others. Its transition time moves only with its status.
func setCondition(conditions *[]v1beta1.Condition, c v1beta1.Condition, now time.Time) {
	c.LastTransitionTime = metav1.NewTime(now.Truncate(time.Second))
	old := v1beta1.FindCondition(*conditions, c.Type)
	if old == nil {
		*conditions = append(*conditions, c)
		return
	}
	if old.Status == c.Status {
		c.LastTransitionTime = old.LastTransitionTime
	}
	*old = c
}

// dropCondition takes a condition out that no longer applies.
func dropCondition(conditions *[]v1beta1.Condition, t v1beta1.ConditionType) {
	var kept []v1beta1.Condition
	for _, c := range *conditions {
		if c.Type != t {
			kept = append(kept, c)
		}
	}
	*conditions = kept
}

// summary is the Ready of an object: True when all the types are, else the worst of them; of equally bad ones the
// first. One that nobody has looked at yet is not True either.
func summary(conditions []v1beta1.Condition, types ...v1beta1.ConditionType) v1beta1.Condition {
	worst := is(v1beta1.ConditionReady)
	for _, t := range types {
		c := v1beta1.FindCondition(conditions, t)
		if c == nil {
			c = &v1beta1.Condition{Status: v1beta1.ConditionFalse, Severity: v1beta1.SeverityInfo, Reason: "Waiting", Message: "not looked at yet: " + string(t)}
		}
		if c.Status != v1beta1.ConditionTrue && (worst.Status == v1beta1.ConditionTrue || rank(c.Severity) > rank(worst.Severity)) {
			worst = isNot(v1beta1.ConditionReady, c.Severity, c.Reason, c.Message)
		}
	}
	return worst
}

func rank(s v1beta1.ConditionSeverity) int {
	switch s {
	case v1beta1.SeverityError:
		return 3
	case v1beta1.SeverityWarning:
		return 2
	case v1beta1.SeverityInfo:
		return 1
	}
	return 0
}

// readySince is when the object became ready; zero if it is not.
func readySince(conditions []v1beta1.Condition) time.Time {
	c := v1beta1.FindCondition(conditions, v1beta1.ConditionReady)
	if c == nil || c.Status != v1beta1.ConditionTrue {
		return time.Time{}
	}
	return c.LastTransitionTime.Time
}
