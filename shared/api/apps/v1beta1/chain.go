package v1beta1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// Chain is one private block chain: a genesis node, and whoever mines on it.
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:shortName=ch,categories=all
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
// +kubebuilder:validation:XValidation:rule="self.metadata.name.matches('^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$')",message="metadata.name must be a DNS label that starts with a letter: the chain's Service is named like it"
type Chain struct {
	metav1.TypeMeta `json:",inline"`
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// +kubebuilder:default={}
	// +optional
	Spec ChainSpec `json:"spec,omitempty"`
	// +optional
	Status ChainStatus `json:"status,omitempty"`
}

// ChainSpec is what is wanted of a Chain.
type ChainSpec struct {
	// DisplayName is the name for people.
	// +kubebuilder:validation:MaxLength=253
	// +optional
	DisplayName string `json:"displayName,omitempty"`
	// MinerType sizes the genesis node.
	// +kubebuilder:default="S1.SMALL2"
	// +kubebuilder:validation:MaxLength=63
	// +optional
	MinerType string `json:"minerType,omitempty"`
	// Image of the nodes. It is the operator's to choose: honored on chains
	// of kube-system only, and only one that the operator allows can be named.
	// +kubebuilder:validation:MaxLength=512
	// +kubebuilder:validation:Pattern=`^([a-z0-9]([-a-zA-Z0-9._:/]*[a-zA-Z0-9])?(@sha256:[0-9a-f]{64})?)?$`
	// +optional
	Image string `json:"image,omitempty"`
	// MinMineIntervalSeconds is the mean time between blocks that the
	// difficulty aims at. It belongs to the chain's identity.
	// +kubebuilder:default=60
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:XValidation:rule="self == oldSelf",message="the block interval is part of the chain's identity and cannot change"
	// +optional
	MinMineIntervalSeconds int32 `json:"minMineIntervalSeconds,omitempty"`
	// BootstrapAccount is kept for old manifests; nothing reads it.
	// +optional
	BootstrapAccount *string `json:"bootstrapAccount,omitempty"`
}

// ChainStatus is what was last seen of a Chain.
type ChainStatus struct {
	// ConfigMapRef is kept for old readers; a chain has no ConfigMap anymore.
	// +optional
	ConfigMapRef *LocalObjectReference `json:"configMapRef,omitempty"`
	// MinerRef names the genesis Miner.
	// +optional
	MinerRef *LocalObjectReference `json:"minerRef,omitempty"`
	// ObservedGeneration is the generation that the rest of the status is about.
	// +optional
	ObservedGeneration int64 `json:"observedGeneration,omitempty"`
	// Conditions tell how the chain is.
	// +listType=map
	// +listMapKey=type
	// +optional
	Conditions []Condition `json:"conditions,omitempty"`
}

// ChainList is a list of Chains.
// +kubebuilder:object:root=true
type ChainList struct {
	metav1.TypeMeta `json:",inline"`
	// +optional
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []Chain `json:"items"`
}
