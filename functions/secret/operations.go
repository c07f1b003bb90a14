// Package secret is the domain of the keys that users sign their own tokens with.
package secret

import (
	"onex.io/onex/shared/access"
	"onex.io/onex/shared/op"
)

// Operations lists what the domain can do.
func Operations() []op.Operation {
	return []op.Operation{{
		Name: "create-secret", Summary: "Makes a key that signs tokens in the caller's name, and shows it once.", Allow: access.SignedIn,
		Wakes: op.On(op.Post("/v1/secrets")), Handler: op.Request(newCreateSecret),
	}}
}
