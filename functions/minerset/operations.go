// Package minerset is the domain of pools of miners, as objects of the object API.
package minerset

import (
	"onex.io/onex/shared/access"
	"onex.io/onex/shared/op"
)

// Operations lists what the domain can do.
func Operations() []op.Operation {
	return []op.Operation{
		{
			Name: "create-minerset", Summary: "Buys a pool of miners for one of the caller's chains or a public one.", Allow: access.SignedIn,
			Wakes: op.On(op.Post("/v1/minersets")), Handler: op.Request(newCreateMinerSet),
			Rights: []op.Right{op.May("minersets", "create"), op.May("chains", "get")},
		},
		{
			Name: "get-minerset", Summary: "Shows one of the caller's pools of miners.", Allow: access.SignedIn,
			Wakes: op.On(op.Get("/v1/minersets/{name}")), Handler: op.Request(newGetMinerSet),
			Rights: []op.Right{op.May("minersets", "get")},
		},
		{
			Name: "list-minersets", Summary: "Lists the caller's pools of miners.", Allow: access.SignedIn,
			Wakes: op.On(op.Get("/v1/minersets")), Handler: op.Request(newListMinerSets),
			Rights: []op.Right{op.May("minersets", "list")},
		},
		{
			Name: "scale-minerset", Summary: "Changes how many miners one of the caller's pools has.", Allow: access.SignedIn,
			Wakes: op.On(op.Put("/v1/minersets/{name}/scale")), Handler: op.Request(newScaleMinerSet),
			Rights: []op.Right{op.May("minersets", "get"), op.May("minersets/scale", "patch")},
		},
		{
			Name: "measure-minerset", Summary: "Tells how many miners a pool's own trigger calls for; for its autoscaler.", Allow: access.Scaler,
			Wakes: op.On(op.Get("/v1/minersets/{name}/measure")), Handler: op.Request(newMeasureMinerSet),
			Rights: []op.Right{op.May("minersets", "get"), op.May("chains", "get")},
		},
		{
			Name: "delete-minerset", Summary: "Deletes one of the caller's pools with its miners.", Allow: access.SignedIn,
			Wakes: op.On(op.Delete("/v1/minersets/{name}")), Handler: op.Request(newDeleteMinerSet),
			Rights: []op.Right{op.May("minersets", "get", "delete")},
		},
	}
}
