package v1beta1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// ConditionType names one aspect of an object's state.
type ConditionType string

// The conditions.
const (
	// ConditionReady sums up the others.
	ConditionReady ConditionType = "Ready"
	// ConditionMinersCreated is on Chain and MinerSet: their Miners exist.
	ConditionMinersCreated ConditionType = "MinersCreated"
	// ConditionServiceCreated is on Chain: its nodes can be found.
	ConditionServiceCreated ConditionType = "ServiceCreated"
	// ConditionResized is on MinerSet: it has as many Miners as wanted, all ready.
	ConditionResized ConditionType = "Resized"
	// ConditionMinersReady is on MinerSet: none of its Miners lacks anything.
	ConditionMinersReady ConditionType = "MinersReady"
	// ConditionAutoscalingActive is on a MinerSet with autoscaling: somebody looks after its size.
	ConditionAutoscalingActive ConditionType = "AutoscalingActive"
	// ConditionChainFound is on Miner: the chain that it mines exists.
	ConditionChainFound ConditionType = "ChainFound"
	// ConditionPaid is on Miner: its slot is bought for its type. On MinerSet: all that it wants are.
	ConditionPaid ConditionType = "Paid"
	// ConditionPodHealthy is on Miner: its pod is ready.
	ConditionPodHealthy ConditionType = "PodHealthy"
)

// ConditionStatus is True, False or Unknown.
// +kubebuilder:validation:Enum="True";"False";Unknown
type ConditionStatus string

// The states of a condition.
const (
	ConditionTrue    ConditionStatus = "True"
	ConditionFalse   ConditionStatus = "False"
	ConditionUnknown ConditionStatus = "Unknown"
)

// ConditionSeverity says how bad it is that a condition is not True.
// +kubebuilder:validation:Enum="";Error;Warning;Info
type ConditionSeverity string

// The severities. A condition that is True has none.
const (
	SeverityError   ConditionSeverity = "Error"
	SeverityWarning ConditionSeverity = "Warning"
	SeverityInfo    ConditionSeverity = "Info"
	SeverityNone    ConditionSeverity = ""
)

// Reasons of conditions.
const (
	ReasonDeleting              = "Deleting"
	ReasonDeletionFailed        = "DeletionFailed"
	ReasonDeleted               = "Deleted"
	ReasonMinerCreationFailed   = "MinerCreationFailed"
	ReasonServiceCreationFailed = "ServiceCreationFailed"
	ReasonScalingUp             = "ScalingUp"
	ReasonScalingDown           = "ScalingDown"
	ReasonMinerCreateDisabled   = "MinerCreateDisabled"
	ReasonPodProvisioning       = "PodProvisioning"
	ReasonPodNotFound           = "PodNotFound"
	ReasonPodConditionsFailed   = "PodConditionsFailed"
	ReasonPodCreationFailed     = "PodCreationFailed"
	ReasonPodReplaced           = "PodReplaced"
	ReasonChainNotFound         = "ChainNotFound"
	ReasonMinerTypeUnsupported  = "MinerTypeUnsupported"
	ReasonInsufficientFunds     = "InsufficientFunds"
	ReasonInsufficientQuota     = "InsufficientQuota"
	ReasonPaying                = "Paying"
	ReasonUnavailable           = "Unavailable"
	ReasonWaitingForGenesis     = "WaitingForGenesis"
	ReasonKedaMissing           = "KedaMissing"
	ReasonAutoscalerPreparing   = "AutoscalerPreparing"
	ReasonAutoscalerRefused     = "AutoscalerRefused"
	ReasonAutoscalerNotReady    = "AutoscalerNotReady"
	ReasonNameTaken             = "NameTaken"
)

// Condition tells whether one aspect of an object is as it should be.
type Condition struct {
	// Type names the aspect.
	Type ConditionType `json:"type"`
	// Status tells whether it holds.
	Status ConditionStatus `json:"status"`
	// Severity says how bad it is that the status is not True.
	// +optional
	Severity ConditionSeverity `json:"severity,omitempty"`
	// LastTransitionTime is when the status last changed.
	// +optional
	LastTransitionTime metav1.Time `json:"lastTransitionTime,omitempty"`
	// Reason is one word for programs.
	// +optional
	Reason string `json:"reason,omitempty"`
	// Message is a sentence for people.
	// +optional
	Message string `json:"message,omitempty"`
}

// FindCondition is the condition of that type, nil when there is none.
func FindCondition(conditions []Condition, t ConditionType) *Condition {
	for i := range conditions {
		if conditions[i].Type == t {
			return &conditions[i]
		}
	}
	return nil
}

// IsTrue tells whether the condition of that type is there and True.
func IsTrue(conditions []Condition, t ConditionType) bool {
	c := FindCondition(conditions, t)
	return c != nil && c.Status == ConditionTrue
}

// Readiness says whether the Ready condition is True, and if it is not, what it says to people.
func Readiness(conditions []Condition) (ready bool, message string) {
	c := FindCondition(conditions, ConditionReady)
	switch {
	case c == nil:
		return false, "not looked at yet"
	case c.Status == ConditionTrue:
		return true, ""
	case c.Message == "":
		return false, c.Reason
	}
	return false, c.Message
}
