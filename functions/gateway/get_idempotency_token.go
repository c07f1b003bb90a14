package gateway

import (
	"context"

	"k8s.io/apimachinery/pkg/util/uuid"

	"onex.io/onex/shared/api/gateway"
	"onex.io/onex/shared/op"
	"onex.io/onex/shared/platform"
)

// newGetIdempotencyToken gives a key to send with a POST. Nothing is kept of it: a key is its user's own, and is taken
// with the request that first comes with it.
func newGetIdempotencyToken(*platform.Platform) (op.RequestFunc[gateway.TokenRequest, gateway.Token], error) {
	return func(context.Context, *gateway.TokenRequest) (*gateway.Token, error) {
		return &gateway.Token{Token: string(uuid.NewUUID())}, nil
	}, nil
}
