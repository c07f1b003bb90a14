// Package chain is the public contract of the operations on chains. The objects themselves are those of apps/v1beta1.
package chain

import "onex.io/onex/shared/api/apps/v1beta1"

// CreateRequest creates a chain in the caller's namespace.
type CreateRequest struct{ Body v1beta1.Chain }

// SelfValidated says that the object API validates the body, by the rules of its definition.
func (CreateRequest) SelfValidated() {}
