// Package user is the domain of people: who they are and how they come in.
package user

import (
	"onex.io/onex/shared/access"
	"onex.io/onex/shared/op"
)

// Operations lists what the domain can do.
func Operations() []op.Operation {
	namespaces := op.Right{Resource: "namespaces", Verbs: []string{"create"}}
	fences := op.Right{Group: "networking.k8s.io", Resource: "networkpolicies", Verbs: []string{"create", "patch"}}
	return []op.Operation{
		{
			Name: "create-user", Summary: "Signs somebody up; the gift of OX follows.", Allow: access.Anyone,
			Wakes: op.On(op.Post("/v1/users")), Handler: op.Request(newCreateUser), Rights: []op.Right{namespaces, fences},
		},
		{
			Name: "make-admin", Summary: "Makes the administrator, unless there is one.",
			Wakes: op.On(op.AtDeploy()), Handler: op.Job(runMakeAdmin), Rights: []op.Right{namespaces, fences},
			Secrets: []string{"ONEX_ADMIN_PASSWORD"},
		},
		{
			Name: "fence-namespaces", Summary: "Brings the network policies of users' namespaces up to date.",
			Wakes: op.On(op.AtDeploy()), Handler: op.Job(runFenceNamespaces),
			Rights: []op.Right{{Resource: "namespaces", Verbs: []string{"list"}}, fences},
		},
	}
}
