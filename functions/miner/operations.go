// Package miner is the domain of single miners, as objects of the object API. Most belong to a pool, which makes and
// removes them; here they are looked at.
package miner

import (
	"onex.io/onex/shared/access"
	"onex.io/onex/shared/op"
)

// Operations lists what the domain can do.
func Operations() []op.Operation {
	return []op.Operation{
		{
			Name: "get-miner", Summary: "Shows one of the caller's miners.", Allow: access.SignedIn,
			Wakes: op.On(op.Get("/v1/miners/{name}")), Handler: op.Request(newGetMiner),
			Rights: []op.Right{op.May("miners", "get")},
		},
		{
			Name: "list-miners", Summary: "Lists the caller's miners, of one pool or of all.", Allow: access.SignedIn,
			Wakes: op.On(op.Get("/v1/miners")), Handler: op.Request(newListMiners),
			Rights: []op.Right{op.May("miners", "list")},
		},
	}
}
