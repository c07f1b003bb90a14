package v1beta1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// Miner is one node of a chain, and the pod that runs it.
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:shortName=mi,categories=all
// +kubebuilder:printcolumn:name="Status",type=string,JSONPath=`.status.phase`
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
// +kubebuilder:selectablefield:JSONPath=`.spec.minerType`
// +kubebuilder:printcolumn:name="Type",type=string,JSONPath=`.spec.minerType`,priority=1
// +kubebuilder:validation:XValidation:rule="self.metadata.name.size() <= 63 && self.metadata.name.matches('^[a-z0-9]([-a-z0-9]*[a-z0-9])?$')",message="metadata.name must be a DNS label: the miner's pod is named like it"
type Miner struct {
	metav1.TypeMeta `json:",inline"`
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty"`

	Spec MinerSpec `json:"spec"`
	// +kubebuilder:default={phase:Pending}
	// +optional
	Status MinerStatus `json:"status,omitempty"`
}

// RestartPolicy says when the container of a Miner is started again in place.
// +kubebuilder:validation:Enum=Always;OnFailure;Never
type RestartPolicy string

// The restart policies. An empty one is Always.
const (
	RestartAlways    RestartPolicy = "Always"
	RestartOnFailure RestartPolicy = "OnFailure"
	RestartNever     RestartPolicy = "Never"
)

// MinerSpec is what is wanted of a Miner.
type MinerSpec struct {
	// Metadata goes to the pod.
	// +optional
	Metadata TemplateMeta `json:"metadata,omitzero"`
	// DisplayName is the name for people.
	// +kubebuilder:validation:MaxLength=253
	// +optional
	DisplayName string `json:"displayName,omitempty"`
	// MinerType sizes and prices the Miner.
	// +kubebuilder:default="S1.SMALL1"
	// +kubebuilder:validation:MaxLength=63
	// +optional
	MinerType string `json:"minerType,omitempty"`
	// ChainName names the chain to mine: of the own namespace if it has one of
	// that name, else of kube-system.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	// +kubebuilder:validation:Pattern=`^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$`
	// +kubebuilder:validation:XValidation:rule="self == oldSelf",message="a miner cannot move to another chain"
	ChainName string `json:"chainName"`
	// RestartPolicy says when the container is started again in place.
	// +kubebuilder:default=Always
	// +optional
	RestartPolicy RestartPolicy `json:"restartPolicy,omitempty"`
	// PodDeletionTimeout is how long a deleted Miner waits for its pod to go.
	// Without one, or with zero, it waits for ever.
	// +kubebuilder:validation:Type=string
	// +kubebuilder:validation:XValidation:rule="duration(self) >= duration('0s')",message="must be a duration such as 30s"
	// +optional
	PodDeletionTimeout *metav1.Duration `json:"podDeletionTimeout,omitempty"`
}

// MinerPhase is the state of a Miner in one word, for people.
type MinerPhase string

// The phases.
const (
	MinerPending      MinerPhase = "Pending"
	MinerProvisioning MinerPhase = "Provisioning"
	MinerRunning      MinerPhase = "Running"
	MinerFailed       MinerPhase = "Failed"
	MinerDeleting     MinerPhase = "Deleting"
	MinerUnknown      MinerPhase = "Unknown"
)

// FailureInvalidConfiguration is the failureReason of a Miner that only a
// change of its spec can help.
const FailureInvalidConfiguration = "InvalidConfiguration"

// MinerStatus is what was last seen of a Miner.
type MinerStatus struct {
	// PodRef names the pod that runs the node.
	// +optional
	PodRef *ObjectReference `json:"podRef,omitempty"`
	// LastUpdated is when the phase last changed.
	// +optional
	LastUpdated *metav1.Time `json:"lastUpdated,omitempty"`
	// FailureReason is set while the spec is one that cannot run.
	// +optional
	FailureReason *string `json:"failureReason,omitempty"`
	// FailureMessage explains FailureReason.
	// +optional
	FailureMessage *string `json:"failureMessage,omitempty"`
	// Addresses of the pod.
	// +listType=atomic
	// +optional
	Addresses []MinerAddress `json:"addresses,omitempty"`
	// Phase is the state in one word.
	// +optional
	Phase MinerPhase `json:"phase,omitempty"`
	// PublicKey is the key that the node signs its blocks with, in hex.
	// +optional
	PublicKey string `json:"publicKey,omitempty"`
	// Slot is the Miner's number in its pool.
	// +optional
	Slot *int32 `json:"slot,omitempty"`
	// Purchase is what the slot was last bought as. Whatever else changes, a
	// Miner that still wants just this is not charged.
	// +optional
	Purchase *SlotPurchase `json:"purchase,omitempty"`
	// ObservedGeneration is the generation that the rest of the status is about.
	// +optional
	ObservedGeneration int64 `json:"observedGeneration,omitempty"`
	// Conditions tell how the Miner is.
	// +listType=map
	// +listMapKey=type
	// +optional
	Conditions []Condition `json:"conditions,omitempty"`
}

// SlotPurchase is one slot as it was bought.
type SlotPurchase struct {
	// Pool is the uid of the MinerSet, or of the Miner if it stands alone.
	Pool string `json:"pool"`
	// Slot is the number in the pool.
	Slot int32 `json:"slot"`
	// MinerType that the slot was bought for.
	MinerType string `json:"minerType"`
	// ChainID is the uid of the chain that is mined from it.
	ChainID string `json:"chainID"`
	// PublicKey that signs the blocks mined from it, in hex.
	PublicKey string `json:"publicKey"`
}

// MinerAddressType says what an address is.
// +kubebuilder:validation:Enum=Hostname;ExternalIP;InternalIP;ExternalDNS;InternalDNS
type MinerAddressType string

// The types of addresses.
const (
	AddressHostname    MinerAddressType = "Hostname"
	AddressExternalIP  MinerAddressType = "ExternalIP"
	AddressInternalIP  MinerAddressType = "InternalIP"
	AddressExternalDNS MinerAddressType = "ExternalDNS"
	AddressInternalDNS MinerAddressType = "InternalDNS"
)

// MinerAddress is one address of a Miner.
type MinerAddress struct {
	// Type of the address.
	Type MinerAddressType `json:"type"`
	// Address itself.
	Address string `json:"address"`
}

// MinerList is a list of Miners.
// +kubebuilder:object:root=true
type MinerList struct {
	metav1.TypeMeta `json:",inline"`
	// +optional
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []Miner `json:"items"`
}
