package v1beta1

import "k8s.io/apimachinery/pkg/types"

// The references have the shape that Kubernetes gives them, but are declared
// here: its core types would double the weight of the smallest function.

// LocalObjectReference names an object of the same namespace.
type LocalObjectReference struct {
	// Name of the object.
	// +optional
	Name string `json:"name,omitempty"`
}

// ObjectReference names one object anywhere.
type ObjectReference struct {
	// Kind of the object.
	// +optional
	Kind string `json:"kind,omitempty"`
	// Namespace of the object.
	// +optional
	Namespace string `json:"namespace,omitempty"`
	// Name of the object.
	// +optional
	Name string `json:"name,omitempty"`
	// UID of the object.
	// +optional
	UID types.UID `json:"uid,omitempty"`
	// APIVersion of the object.
	// +optional
	APIVersion string `json:"apiVersion,omitempty"`
}
