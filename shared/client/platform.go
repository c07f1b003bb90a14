package client

import (
	"crypto/ed25519"
	"sync"
	"time"

	"onex.io/onex/shared/token"
)

// platformLife is how long a platform token holds; a new one is signed when half of it has passed.
const platformLife = 10 * time.Minute

// PlatformToken signs the tokens of a part of the platform, such as the reconciler, with its private key.
func PlatformToken(name string, key ed25519.PrivateKey, now func() time.Time) func() (string, error) {
	var mu sync.Mutex
	var current string
	var renew time.Time
	signer := token.NewPlatformSigner(key, now)
	return func() (string, error) {
		mu.Lock()
		defer mu.Unlock()
		if current != "" && now().Before(renew) {
			return current, nil
		}
		signed, err := signer.Sign(token.Claims{Subject: name, Kind: token.Platform, Expires: now().Add(platformLife)})
		if err != nil {
			return "", err
		}
		current, renew = signed, now().Add(platformLife/2)
		return current, nil
	}
}
