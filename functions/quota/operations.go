// Package quota is the domain of how many miners a user may have.
package quota

import (
	"onex.io/onex/shared/access"
	"onex.io/onex/shared/op"
)

// Operations lists what the domain can do.
func Operations() []op.Operation {
	return []op.Operation{
		{
			Name: "get-quota", Summary: "Shows how many miners the caller may have, and has paid for.", Allow: access.SignedIn,
			Wakes: op.On(op.Get("/v1/quota")), Handler: op.Request(newGetQuota),
		},
		{
			Name: "set-quota", Summary: "Allows a user another number of miners.", Allow: access.Admin,
			Wakes: op.On(op.Put("/v1/quotas/{userID}")), Handler: op.Request(newSetQuota),
		},
	}
}
