package config

import (
	"crypto/ed25519"
	"fmt"
)

// NewKeys makes the key pairs of a platform, by the names of the variables that hold them. The platform's private
// key, ONEX_PLATFORM_KEY, belongs to the reconciler alone.
func NewKeys() (map[string]string, error) {
	keys := map[string]string{}
	for _, pair := range [][2]string{{"ONEX_TOKEN_KEY", "ONEX_TOKEN_PUBLIC_KEY"}, {"ONEX_PLATFORM_KEY", "ONEX_PLATFORM_PUBLIC_KEY"}} {
		public, private, err := ed25519.GenerateKey(nil)
		if err != nil {
			return nil, fmt.Errorf("new key %q: %w", pair[0], err)
		}
		privateText, err := PrivateKey{private}.MarshalText()
		if err != nil {
			return nil, err
		}
		publicText, err := PublicKey{public}.MarshalText()
		if err != nil {
			return nil, err
		}
		keys[pair[0]], keys[pair[1]] = string(privateText), string(publicText)
	}
	return keys, nil
}
