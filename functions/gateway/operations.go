// Package gateway is the one public host: it routes requests to the operations and adds nothing they would trust.
package gateway

import "onex.io/onex/shared/op"

// Operations lists what the domain can do.
func Operations() []op.Operation {
	return []op.Operation{{
		Name: "gateway", Summary: "Routes every public request to its operation.", Public: true,
		Secrets: []string{"ONEX_ORIGIN_KEY"},
		Wakes:   op.On(op.AnyPath()), Handler: op.Raw(newGateway), Scale: op.Scale{Max: 5, Concurrency: 200},
	}}
}
