// Package policy is the domain of who may do what: the policies and roles that administrators keep, and questions that
// services of others ask about them.
package policy

import (
	"onex.io/onex/shared/access"
	"onex.io/onex/shared/op"
)

// Operations lists what the domain can do.
func Operations() []op.Operation {
	return []op.Operation{
		{
			Name: "list-policies", Summary: "Lists who may do what beside what everybody may.", Allow: access.Admin,
			Wakes: op.On(op.Get("/v1/policies")), Handler: op.Request(newListPolicies),
		},
		{
			Name: "put-policy", Summary: "Allows or denies somebody something.", Allow: access.Admin,
			Wakes: op.On(op.Put("/v1/policies/{name}")), Handler: op.Request(newPutPolicy),
		},
		{
			Name: "delete-policy", Summary: "Takes back what a policy said.", Allow: access.Admin,
			Wakes: op.On(op.Delete("/v1/policies/{name}")), Handler: op.Request(newDeletePolicy),
		},
		{
			Name: "list-role-bindings", Summary: "Lists who has which role.", Allow: access.Admin,
			Wakes: op.On(op.Get("/v1/roles")), Handler: op.Request(newListRoleBindings),
		},
		{
			Name: "put-role-binding", Summary: "Gives a user a role.", Allow: access.Admin,
			Wakes: op.On(op.Put("/v1/roles/{role}/{sub}")), Handler: op.Request(newPutRoleBinding),
		},
		{
			Name: "delete-role-binding", Summary: "Takes a role away from a user.", Allow: access.Admin,
			Wakes: op.On(op.Delete("/v1/roles/{role}/{sub}")), Handler: op.Request(newDeleteRoleBinding),
		},
		{
			Name: "authorize", Summary: "Tells whether somebody may do something, and which rule says so.", Allow: access.Openable,
			Wakes: op.On(op.Post("/v1/auth/authorize")), Handler: op.Request(newAuthorize),
		},
		{
			Name: "auth", Summary: "Tells whose a token is, and whether that user may do something.", Allow: access.Openable,
			Wakes: op.On(op.Post("/v1/auth/auth")), Handler: op.Request(newAuth),
		},
	}
}
