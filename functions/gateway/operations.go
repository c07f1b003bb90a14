// Package gateway is the one public host: it routes requests to the operations and adds nothing they would trust. Beside
// it stands what concerns requests of every domain.
package gateway

import (
	"onex.io/onex/shared/access"
	"onex.io/onex/shared/op"
)

// Operations lists what the domain can do.
func Operations() []op.Operation {
	return []op.Operation{
		{
			Name: "gateway", Summary: "Routes every public request to its operation.", Public: true,
			Secrets: []string{"ONEX_ORIGIN_KEY"},
			Wakes:   op.On(op.AnyPath()), Handler: op.Raw(newGateway), Scale: op.Scale{Max: 5, Concurrency: 200},
		},
		{
			Name: "get-idempotency-token", Summary: "Gives a key for one POST, to be sent as X-Idempotent-ID or Idempotency-Key.", Allow: access.SignedIn,
			Wakes: op.On(op.Get("/v1/idempotents")), Handler: op.Request(newGetIdempotencyToken),
		},
	}
}
