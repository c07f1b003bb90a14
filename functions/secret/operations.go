// Package secret is the domain of the keys that users sign their own tokens with.
package secret

import (
	"onex.io/onex/shared/access"
	"onex.io/onex/shared/op"
)

// Operations lists what the domain can do.
func Operations() []op.Operation {
	return []op.Operation{
		{
			Name: "create-secret", Summary: "Makes a key that signs tokens in the caller's name, and shows it once.", Allow: access.SignedIn,
			Wakes: op.On(op.Post("/v1/secrets")), Handler: op.Request(newCreateSecret),
		},
		{
			Name: "list-secrets", Summary: "Lists the caller's keys, without what they sign with.", Allow: access.SignedIn,
			Wakes: op.On(op.Get("/v1/secrets")), Handler: op.Request(newListSecrets),
		},
		{
			Name: "get-secret", Summary: "Shows one of the caller's keys, without what it signs with.", Allow: access.SignedIn,
			Wakes: op.On(op.Get("/v1/secrets/{name}")), Handler: op.Request(newGetSecret),
		},
		{
			Name: "update-secret", Summary: "Enables, disables, dates or describes one of the caller's keys.", Allow: access.SignedIn,
			Wakes: op.On(op.Put("/v1/secrets/{name}")), Handler: op.Request(newUpdateSecret),
		},
		{
			Name: "delete-secret", Summary: "Deletes one of the caller's keys.", Allow: access.SignedIn,
			Wakes: op.On(op.Delete("/v1/secrets/{name}")), Handler: op.Request(newDeleteSecret),
		},
		{
			Name: "reseal-secrets", Summary: "Seals users' keys anew that are under a key that was replaced.",
			Wakes: op.On(op.AtDeploy()), Handler: op.Job(runResealSecrets), Secrets: []string{"ONEX_SECRETS_KEY"},
		},
	}
}
