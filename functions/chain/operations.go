// Package chain is the domain of private block chains, as objects of the object API.
package chain

import (
	"onex.io/onex/shared/access"
	"onex.io/onex/shared/op"
)

// Operations lists what the domain can do.
func Operations() []op.Operation {
	return []op.Operation{
		{
			Name: "create-chain", Summary: "Creates a block chain of the caller's own.", Allow: access.SignedIn,
			Wakes: op.On(op.Post("/v1/chains")), Handler: op.Request(newCreateChain),
			Rights: []op.Right{op.May("chains", "create", "list", "delete")},
		},
		{
			Name: "get-chain", Summary: "Shows one of the caller's chains, or a public one.", Allow: access.SignedIn,
			Wakes: op.On(op.Get("/v1/chains/{name}")), Handler: op.Request(newGetChain),
			Rights: []op.Right{op.May("chains", "get")},
		},
		{
			Name: "get-chain-status", Summary: "Shows how a chain is doing this moment, as its node tells it.", Allow: access.SignedIn,
			Wakes: op.On(op.Get("/v1/chains/{name}/status")), Handler: op.Request(newGetChainStatus),
			Rights: []op.Right{op.May("chains", "get"), op.May("miners", "list")},
		},
		{
			Name: "watch-chain", Summary: "Tells of a chain's blocks as they come, for as long as the caller listens.", Allow: access.SignedIn,
			Wakes: op.On(op.Get("/v1/chains/{name}/stream")), Handler: op.Stream(newWatchChain), Scale: op.Scale{Concurrency: 200},
			Rights: []op.Right{op.May("chains", "get")},
		},
		{
			Name: "list-chains", Summary: "Lists the caller's chains, and the public ones if wanted.", Allow: access.SignedIn,
			Wakes: op.On(op.Get("/v1/chains")), Handler: op.Request(newListChains),
			Rights: []op.Right{op.May("chains", "list")},
		},
		{
			Name: "delete-chain", Summary: "Deletes one of the caller's chains with its first node.", Allow: access.SignedIn,
			Wakes: op.On(op.Delete("/v1/chains/{name}")), Handler: op.Request(newDeleteChain),
			Rights: []op.Right{op.May("chains", "get", "delete")},
		},
	}
}
