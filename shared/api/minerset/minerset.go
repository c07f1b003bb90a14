// Package minerset is the public contract of the operations on MinerSets. The objects themselves are those of
// apps/v1beta1.
package minerset

import (
	"time"

	"onex.io/onex/shared/api/apps/v1beta1"
	"onex.io/onex/shared/api/page"
)

// CreateRequest creates a MinerSet in the caller's namespace.
type CreateRequest struct{ Body v1beta1.MinerSet }

// SelfValidated says that the object API validates the body, by the rules of its definition.
func (CreateRequest) SelfValidated() {}

// GetRequest asks for one MinerSet of the caller's namespace.
type GetRequest struct {
	Name      string `path:"name" maxLength:"253" pattern:"^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$"`
	Namespace string `query:"namespace" maxLength:"63" pattern:"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$" doc:"another user's, for administrators"`
}

// DeleteRequest deletes one MinerSet with its miners.
type DeleteRequest struct {
	Name      string `path:"name" maxLength:"253" pattern:"^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$"`
	Namespace string `query:"namespace" maxLength:"63" pattern:"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$" doc:"another user's, for administrators"`
	Cascade   string `query:"propagationPolicy" enum:"Background,Foreground" default:"Background" doc:"how the object API removes what the MinerSet owns"`
}

// Deleted is the reply to DeleteRequest.
type Deleted struct{}

// ScaleRequest changes how many miners a MinerSet wants.
type ScaleRequest struct {
	Name      string `path:"name" maxLength:"253" pattern:"^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$"`
	Namespace string `query:"namespace" maxLength:"63" pattern:"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$" doc:"another user's, for administrators"`
	Body      Scale
}

// Scale is the size of a MinerSet.
type Scale struct {
	Replicas int32 `json:"replicas" minimum:"0" maximum:"100000"`
	// ResourceVersion, if given, refuses the change when the MinerSet has changed since it was read.
	ResourceVersion string `json:"resourceVersion,omitempty" maxLength:"64"`
}

// Scaled is the reply to ScaleRequest.
type Scaled struct {
	// Replicas is how many miners the MinerSet wants now.
	Replicas int32 `json:"replicas"`
}

// MeasureRequest asks how many miners the autoscaling of a MinerSet calls for. Only its own autoscaler may ask.
type MeasureRequest struct {
	Name string `path:"name" maxLength:"253" pattern:"^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$"`
}

// Measure is what an autoscaler goes by.
type Measure struct {
	// Wanted is how many miners are called for, at most as many as the MinerSet may have.
	Wanted int32 `json:"wanted"`
}

// ListRequest asks for the MinerSets of the caller's namespace, by name.
type ListRequest struct {
	page.Page
	Namespace string `query:"namespace" maxLength:"63" pattern:"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$" doc:"another user's, for administrators"`
}

// List is a part of a list, and how long the whole is.
type List struct {
	TotalCount int64  `json:"totalCount,string"`
	MinerSets  []Item `json:"MinerSets"`
}

// Item is one MinerSet in a list.
type Item struct {
	Name        string `json:"name"`
	Namespace   string `json:"namespace"`
	DisplayName string `json:"displayName"`
	// Replicas is how many miners are wanted, ReadyReplicas how many work.
	Replicas      int32                `json:"replicas"`
	ReadyReplicas int32                `json:"readyReplicas"`
	DeletePolicy  v1beta1.DeletePolicy `json:"deletePolicy"`
	MinerTemplate Template             `json:"MinerTemplate"`
	// Ready says that all miners work; else Message says what is wrong.
	Ready     bool      `json:"ready"`
	Message   string    `json:"message,omitempty"`
	CreatedAt time.Time `json:"createdAt"`
	UpdatedAt time.Time `json:"updatedAt"`
}

// Template is what each miner of a MinerSet is made from.
type Template struct {
	MinerType string `json:"minerType"`
	ChainName string `json:"chainName"`
}
