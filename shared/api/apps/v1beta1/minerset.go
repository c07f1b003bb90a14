package v1beta1

import (
	"maps"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// MinerSet keeps a number of Miners of one kind alive.
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:subresource:scale:specpath=.spec.replicas,statuspath=.status.replicas,selectorpath=.status.selector
// +kubebuilder:resource:shortName=ms,categories=all
// +kubebuilder:selectablefield:JSONPath=`.status.replicas`
// +kubebuilder:printcolumn:name="Ready",type=string,JSONPath=`.status.ready`,description="miners that are ready, of those wanted"
// +kubebuilder:printcolumn:name="Current",type=integer,JSONPath=`.status.replicas`
// +kubebuilder:printcolumn:name="Available",type=integer,JSONPath=`.status.availableReplicas`
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
// +kubebuilder:printcolumn:name="Selector",type=string,JSONPath=`.status.selector`,priority=1
// +kubebuilder:validation:XValidation:rule="self.metadata.name.size() <= 52 && self.metadata.name.matches('^[a-z0-9]([-a-z0-9]*[a-z0-9])?$')",message="metadata.name must be a DNS label of at most 52 characters: its miners are named <name>-<slot>"
type MinerSet struct {
	metav1.TypeMeta `json:",inline"`
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty"`

	Spec MinerSetSpec `json:"spec"`
	// +optional
	Status MinerSetStatus `json:"status,omitempty"`
}

// DeletePolicy says which Miners go first when a MinerSet shrinks.
// +kubebuilder:validation:Enum=Random;Newest;Oldest
type DeletePolicy string

// The delete policies. An empty one is Random.
const (
	DeleteRandom DeletePolicy = "Random"
	DeleteNewest DeletePolicy = "Newest"
	DeleteOldest DeletePolicy = "Oldest"
)

// MinerSetSpec is what is wanted of a MinerSet.
// +kubebuilder:validation:XValidation:rule="has(self.selector) == has(oldSelf.selector) && (!has(self.selector) || self.selector == oldSelf.selector)",fieldPath=".selector",message="which miners a set selects cannot change"
type MinerSetSpec struct {
	// Replicas is how many Miners are wanted.
	// +kubebuilder:default=1
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=100000
	// +optional
	Replicas *int32 `json:"replicas,omitempty"`
	// Selector picks, beside the set's own Miners, those without an owner that
	// it adopts.
	// +kubebuilder:validation:XValidation:rule="!has(self.matchExpressions) || self.matchExpressions.all(e, e.operator in ['In', 'NotIn'] ? has(e.values) && e.values.size() > 0 : e.operator in ['Exists', 'DoesNotExist'] && (!has(e.values) || e.values.size() == 0))",message="each expression needs an operator that Kubernetes knows: In or NotIn with values, Exists or DoesNotExist without"
	// +optional
	Selector *metav1.LabelSelector `json:"selector,omitempty"`
	// Template is what each Miner is made from.
	Template MinerTemplateSpec `json:"template"`
	// DisplayName is the name for people.
	// +kubebuilder:validation:MaxLength=253
	// +optional
	DisplayName string `json:"displayName,omitempty"`
	// DeletePolicy says which Miners go first when the set shrinks.
	// +kubebuilder:default=Random
	// +optional
	DeletePolicy DeletePolicy `json:"deletePolicy,omitempty"`
	// MinReadySeconds is how long a Miner must be ready to count as available.
	// +kubebuilder:validation:Minimum=0
	// +optional
	MinReadySeconds int32 `json:"minReadySeconds,omitempty"`
	// ProgressDeadlineSeconds is kept for old manifests; nothing reads it.
	// +kubebuilder:validation:Minimum=0
	// +optional
	ProgressDeadlineSeconds *int32 `json:"progressDeadlineSeconds,omitempty"`
	// Autoscaling, if set, decides about Replicas.
	// +optional
	Autoscaling *Autoscaling `json:"autoscaling,omitempty"`
}

// MinerTemplateSpec is what a Miner is made from.
type MinerTemplateSpec struct {
	// Metadata goes to the Miner.
	// +optional
	Metadata TemplateMeta `json:"metadata,omitzero"`
	// Spec of the Miner.
	Spec MinerSpec `json:"spec"`
}

// TemplateMeta holds the labels and annotations of an object to be made.
// +kubebuilder:object:generate=false
type TemplateMeta struct {
	// Labels to give.
	// +kubebuilder:validation:MaxProperties=64
	// +optional
	Labels map[string]LabelText `json:"labels,omitempty"`
	// Annotations to give.
	// +kubebuilder:validation:MaxProperties=64
	// +optional
	Annotations map[string]string `json:"annotations,omitempty"`
}

// DeepCopyInto copies the maps too. The generator cannot, because of LabelText.
func (m *TemplateMeta) DeepCopyInto(out *TemplateMeta) {
	out.Labels, out.Annotations = maps.Clone(m.Labels), maps.Clone(m.Annotations)
}

// LabelText is the value of a label: a name for string that has rules in the CRDs.
// +kubebuilder:validation:MaxLength=63
// +kubebuilder:validation:Pattern=`^([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?$`
type LabelText = string

// MinerSetStatus is what was last seen of a MinerSet.
type MinerSetStatus struct {
	// Replicas is how many Miners there are.
	// +kubebuilder:default=0
	// +optional
	Replicas int32 `json:"replicas"`
	// FullyLabeledReplicas is how many carry all labels of the template.
	// +optional
	FullyLabeledReplicas int32 `json:"fullyLabeledReplicas,omitempty"`
	// ReadyReplicas is how many are ready.
	// +optional
	ReadyReplicas int32 `json:"readyReplicas,omitempty"`
	// AvailableReplicas is how many have been ready for minReadySeconds.
	// +optional
	AvailableReplicas int32 `json:"availableReplicas,omitempty"`
	// Ready is the ready of the wanted, for the table: "2/3".
	// +optional
	Ready string `json:"ready,omitempty"`
	// Selector matches the Miners of the set and their pods, as a string.
	// +optional
	Selector string `json:"selector,omitempty"`
	// ObservedGeneration is the generation that the rest of the status is about.
	// +optional
	ObservedGeneration int64 `json:"observedGeneration,omitempty"`
	// FailureReason is kept for old readers; a set never fails for good.
	// +optional
	FailureReason *string `json:"failureReason,omitempty"`
	// FailureMessage is kept for old readers; a set never fails for good.
	// +optional
	FailureMessage *string `json:"failureMessage,omitempty"`
	// Conditions tell how the set is.
	// +listType=map
	// +listMapKey=type
	// +optional
	Conditions []Condition `json:"conditions,omitempty"`
}

// MinerSetList is a list of MinerSets.
// +kubebuilder:object:root=true
type MinerSetList struct {
	metav1.TypeMeta `json:",inline"`
	// +optional
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []MinerSet `json:"items"`
}
