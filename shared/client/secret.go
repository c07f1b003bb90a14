package client

import (
	"time"

	"onex.io/onex/shared/token"
)

// SecretToken signs a user's own tokens with a secret key.
func SecretToken(secretID, secretKey string, now func() time.Time) func() (string, error) {
	return renewed(now, func(expires time.Time) (string, error) {
		return token.NewSecretToken(secretID, secretKey, now(), expires)
	})
}
