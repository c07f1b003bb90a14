// Package audit is the domain of the record: every decision that the operations made.
package audit

import (
	"onex.io/onex/eventing"
	"onex.io/onex/shared/access"
	"onex.io/onex/shared/op"
)

// Operations lists what the domain can do.
func Operations() []op.Operation {
	return []op.Operation{
		{
			Name: "store-audit", Summary: "Keeps the record of every decision.",
			Wakes:   op.On(op.From(op.Topic{Name: eventing.AuditTopic, Partitions: eventing.Partitions, Lag: 100})),
			Handler: op.OnBatch(newStoreAudit),
		},
		{
			Name: "list-audit", Summary: "Lists the decisions that operations have made, the latest first.", Allow: access.Admin,
			Wakes: op.On(op.Get("/v1/audit")), Handler: op.Request(newListAudit),
		},
	}
}
