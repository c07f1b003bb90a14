package client

import (
	"crypto/ed25519"
	"sync"
	"time"

	"onex.io/onex/shared/token"
)

// PlatformToken signs the tokens of a part of the platform, such as the reconciler, with its private key.
func PlatformToken(name string, key ed25519.PrivateKey, now func() time.Time) func() (string, error) {
	signer := token.NewPlatformSigner(key, now)
	return renewed(now, func(expires time.Time) (string, error) {
		return signer.Sign(token.Claims{Subject: name, Kind: token.Platform, Expires: expires})
	})
}

// ownLife is how long a token holds that its bearer signs; a new one is signed when half of it has passed.
const ownLife = 10 * time.Minute

// renewed gives one token until it is time for the next.
func renewed(now func() time.Time, sign func(expires time.Time) (string, error)) func() (string, error) {
	var mu sync.Mutex
	var current string
	var renew time.Time
	return func() (string, error) {
		mu.Lock()
		defer mu.Unlock()
		if current != "" && now().Before(renew) {
			return current, nil
		}
		signed, err := sign(now().Add(ownLife))
		if err != nil {
			return "", err
		}
		current, renew = signed, now().Add(ownLife/2)
		return current, nil
	}
}
