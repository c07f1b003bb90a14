package config_test

import (
	"bytes"
	"testing"

	"onex.io/onex/shared/config"
)

// A key that is read is written back as the same key; whatever else an operator pastes is refused, not panicked over.
func FuzzKeys(f *testing.F) {
	keys, err := config.NewKeys()
	if err != nil {
		f.Fatal(err)
	}
	for _, text := range keys {
		f.Add([]byte(text))
	}
	f.Add([]byte("MC4CAQAwBQYDK2VwBCIEIA=="))
	f.Add([]byte("not base64"))
	f.Fuzz(func(t *testing.T, text []byte) {
		var private config.PrivateKey
		if err := private.UnmarshalText(text); err == nil {
			again, err := private.MarshalText()
			var back config.PrivateKey
			if err != nil || back.UnmarshalText(again) != nil || !bytes.Equal(back.PrivateKey, private.PrivateKey) {
				t.Errorf("the private key does not come back: %v", err)
			}
		}
		var symmetric config.SymmetricKey
		if err := symmetric.UnmarshalText(text); err == nil {
			again, err := symmetric.MarshalText()
			var back config.SymmetricKey
			if err != nil || back.UnmarshalText(again) != nil || !bytes.Equal(back.Bytes, symmetric.Bytes) {
				t.Errorf("the symmetric key does not come back: %v", err)
			}
		}
		var public config.PublicKey
		if err := public.UnmarshalText(text); err == nil {
			again, err := public.MarshalText()
			var back config.PublicKey
			if err != nil || back.UnmarshalText(again) != nil || !bytes.Equal(back.PublicKey, public.PublicKey) {
				t.Errorf("the public key does not come back: %v", err)
			}
		}
	})
}
