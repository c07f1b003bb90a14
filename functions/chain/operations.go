// Package chain is the domain of private block chains, as objects of the object API.
package chain

import (
	"onex.io/onex/shared/access"
	"onex.io/onex/shared/op"
)

// Operations lists what the domain can do.
func Operations() []op.Operation {
	return []op.Operation{{
		Name: "create-chain", Summary: "Creates a block chain of the caller's own.", Allow: access.SignedIn,
		Wakes: op.On(op.Post("/v1/chains")), Handler: op.Request(newCreateChain),
		Rights: []op.Right{op.May("chains", "create")},
	}}
}
