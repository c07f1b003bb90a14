package config

import (
	"crypto/ed25519"
	"crypto/rand"
	"fmt"

	"onex.io/onex/shared/seal"
)

// NewKeys makes the keys of a platform, by the names of the variables that hold them, and the administrator's first
// password. The platform's private key, ONEX_PLATFORM_KEY, belongs to the reconciler alone.
func NewKeys() (map[string]string, error) {
	keys := map[string]string{"ONEX_ADMIN_PASSWORD": rand.Text()}
	for _, name := range []string{"ONEX_SECRETS_KEY", "ONEX_ORIGIN_KEY"} {
		key := make([]byte, seal.KeySize)
		rand.Read(key) // never fails: crypto/rand ends the program instead
		text, err := SymmetricKey{Bytes: key}.MarshalText()
		if err != nil {
			return nil, err
		}
		keys[name] = string(text)
	}
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

// CompleteKeys adds the keys that are missing, as those of a platform that was set up before they were needed. What is
// there stays as it is.
func CompleteKeys(keys map[string]string) (map[string]string, error) {
	all, err := NewKeys()
	if err != nil {
		return nil, err
	}
	for name, key := range keys {
		all[name] = key
	}
	return all, nil
}
