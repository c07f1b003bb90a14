// Package user is the domain of people: who they are and how they come in.
package user

import (
	"onex.io/onex/eventing"
	"onex.io/onex/shared/access"
	"onex.io/onex/shared/op"
)

// Operations lists what the domain can do.
func Operations() []op.Operation {
	namespaces := op.Right{Resource: "namespaces", Verbs: []string{"create"}}
	fences := op.Right{Group: "networking.k8s.io", Resource: "networkpolicies", Verbs: []string{"create", "patch"}}
	hashing := op.Scale{Concurrency: 4} // each takes tens of megabytes and of milliseconds of CPU
	return []op.Operation{
		{
			Name: "create-user", Summary: "Signs somebody up; the gift of OX follows.", Allow: access.Anyone,
			Wakes: op.On(op.Post("/v1/users")), Handler: op.Request(newCreateUser), Rights: []op.Right{namespaces, fences},
			Scale: hashing,
		},
		{
			Name: "get-user", Summary: "Shows a user: oneself, or for an administrator anybody.", Allow: access.SignedIn,
			Wakes: op.On(op.Get("/v1/users/{username}")), Handler: op.Request(newGetUser),
		},
		{
			Name: "list-users", Summary: "Lists the users, newest first.", Allow: access.Admin,
			Wakes: op.On(op.Get("/v1/users")), Handler: op.Request(newListUsers),
		},
		{
			Name: "update-user", Summary: "Changes a user's nickname, e-mail address or phone number.", Allow: access.SignedIn,
			Wakes: op.On(op.Put("/v1/users/{username}")), Handler: op.Request(newUpdateUser),
		},
		{
			Name: "change-password", Summary: "Changes the caller's password and ends the caller's other sessions.", Allow: access.SignedIn,
			Wakes: op.On(op.Put("/v1/users/{username}/update-password")), Handler: op.Request(newChangePassword), Scale: hashing,
		},
		{
			Name: "enable-user", Summary: "Lets a user in again who was disabled, or for whom too many log-ins have failed.", Allow: access.Admin,
			Wakes: op.On(op.Put("/v1/users/{username}/enable")), Handler: op.Request(newEnableUser),
		},
		{
			Name: "disable-user", Summary: "Keeps a user out and ends every session.", Allow: access.Admin,
			Wakes: op.On(op.Put("/v1/users/{username}/disable")), Handler: op.Request(newDisableUser),
		},
		{
			Name: "delete-user", Summary: "Deletes a user with all that is the user's, but for the ledger.", Allow: access.SignedIn,
			Wakes: op.On(op.Delete("/v1/users/{username}")), Handler: op.Request(newDeleteUser),
		},
		{
			Name: "remove-user", Summary: "Removes what a deleted user leaves behind; when the clock ticks, what is left of anybody.",
			Wakes: op.On(op.Told(eventing.UserDeleted), op.Every("3-59/5 * * * *")), Handler: op.OnEvent(newRemoveUser),
			Rights: []op.Right{{Resource: "namespaces", Verbs: []string{"delete", "get"}}},
		},
		{
			Name: "list-logins", Summary: "Lists the log-ins of a user, good and bad, newest first.", Allow: access.SignedIn,
			Wakes: op.On(op.Get("/v1/users/{username}/logins")), Handler: op.Request(newListLogins),
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
