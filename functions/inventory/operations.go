// Package inventory is the domain of the read model: what objects there are, for fast lists. The sources of events say
// that an object has changed, and the clock looks for what they have missed.
package inventory

import (
	"onex.io/onex/shared/access"
	"onex.io/onex/shared/inventory"
	"onex.io/onex/shared/op"
)

// Operations lists what the domain can do.
func Operations() []op.Operation {
	see := []op.Right{op.May("chains", "list"), op.May("minersets", "list"), op.May("miners", "list")}
	return []op.Operation{
		{
			Name: "search-objects", Summary: "Lists chains, pools and miners as they were last seen, by what they are like.", Allow: access.SignedIn,
			Wakes: op.On(op.Get("/v1/inventory")), Handler: op.Request(newSearchObjects),
		},
		{
			Name: "count-objects", Summary: "Counts the objects of the whole platform by kind and phase.", Allow: access.Admin,
			Wakes: op.On(op.Get("/v1/inventory/counts")), Handler: op.Request(newCountObjects),
		},
		{
			Name: "record-object", Summary: "Notes what has become of an object that has changed.",
			Wakes: op.On(op.Changed(inventory.Kinds()...)), Handler: op.OnEvent(newRecordObject), Rights: see,
		},
		{
			Name: "sweep-inventory", Summary: "Compares what was noted with the objects, and notes what no event has told.",
			Wakes: op.On(op.Every("*/5 * * * *")), Handler: op.OnEvent(newSweepInventory), Scale: op.Scale{Max: 1}, Rights: see,
		},
	}
}
