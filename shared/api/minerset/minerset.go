// Package minerset is the public contract of the operations on MinerSets. The objects themselves are those of
// apps/v1beta1.
package minerset

import "onex.io/onex/shared/api/apps/v1beta1"

// CreateRequest creates a MinerSet in the caller's namespace.
type CreateRequest struct{ Body v1beta1.MinerSet }

// SelfValidated says that the object API validates the body, by the rules of its definition.
func (CreateRequest) SelfValidated() {}

// GetRequest asks for one MinerSet of the caller's namespace.
type GetRequest struct {
	Name string `path:"name" maxLength:"253" pattern:"^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$"`
}
