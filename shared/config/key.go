package config

import (
	"bytes"
	"crypto/ed25519"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"slices"
	"strings"

	"onex.io/onex/shared/seal"
)

// PrivateKey is an Ed25519 key as base64 of its PKCS #8 form. It prints as stars.
type PrivateKey struct{ ed25519.PrivateKey }

// PublicKey is an Ed25519 key as base64 of its PKIX form.
type PublicKey struct{ ed25519.PublicKey }

// UnmarshalText reads the key.
func (k *PrivateKey) UnmarshalText(text []byte) error {
	der, err := base64.StdEncoding.DecodeString(string(text))
	if err != nil {
		return fmt.Errorf("private key is not base64")
	}
	parsed, err := x509.ParsePKCS8PrivateKey(der)
	key, ok := parsed.(ed25519.PrivateKey)
	if err != nil || !ok {
		return fmt.Errorf("private key is not an Ed25519 key in PKCS #8")
	}
	k.PrivateKey = key
	return nil
}

// MarshalText writes the key as UnmarshalText reads it.
func (k PrivateKey) MarshalText() ([]byte, error) {
	der, err := x509.MarshalPKCS8PrivateKey(k.PrivateKey)
	if err != nil {
		return nil, fmt.Errorf("private key: %w", err)
	}
	return []byte(base64.StdEncoding.EncodeToString(der)), nil
}

// String hides the key from logs.
func (k PrivateKey) String() string { return "***" }

// GoString hides the key from %#v.
func (k PrivateKey) GoString() string { return "***" }

// UnmarshalText reads the key.
func (k *PublicKey) UnmarshalText(text []byte) error {
	der, err := base64.StdEncoding.DecodeString(string(text))
	if err != nil {
		return fmt.Errorf("public key is not base64")
	}
	parsed, err := x509.ParsePKIXPublicKey(der)
	key, ok := parsed.(ed25519.PublicKey)
	if err != nil || !ok {
		return fmt.Errorf("public key is not an Ed25519 key in PKIX")
	}
	k.PublicKey = key
	return nil
}

// MarshalText writes the key as UnmarshalText reads it.
func (k PublicKey) MarshalText() ([]byte, error) {
	der, err := x509.MarshalPKIXPublicKey(k.PublicKey)
	if err != nil {
		return nil, fmt.Errorf("public key: %w", err)
	}
	return []byte(base64.StdEncoding.EncodeToString(der)), nil
}

// PublicKeys are one or more public keys, with commas between.
type PublicKeys struct{ Keys []PublicKey }

// UnmarshalText reads the keys.
func (k *PublicKeys) UnmarshalText(text []byte) error {
	k.Keys = nil
	for part := range bytes.SplitSeq(text, []byte(",")) {
		var key PublicKey
		if err := key.UnmarshalText(bytes.TrimSpace(part)); err != nil {
			return err
		}
		k.Keys = append(k.Keys, key)
	}
	return nil
}

// Hold says whether the key is one of them.
func (k PublicKeys) Hold(key ed25519.PublicKey) bool {
	return slices.ContainsFunc(k.Keys, func(one PublicKey) bool { return one.Equal(key) })
}

// SymmetricKey is a key of seal.KeySize bytes as base64, and after commas those that it has replaced. It prints as stars.
type SymmetricKey struct {
	Bytes []byte
	Older [][]byte
}

// UnmarshalText reads the key.
func (k *SymmetricKey) UnmarshalText(text []byte) error {
	var keys [][]byte
	for one := range strings.SplitSeq(string(text), ",") {
		key, err := base64.StdEncoding.DecodeString(one)
		if err != nil || len(key) != seal.KeySize {
			return fmt.Errorf("symmetric key is not %d bytes in base64", seal.KeySize)
		}
		keys = append(keys, key)
	}
	k.Bytes, k.Older = keys[0], keys[1:]
	return nil
}

// MarshalText writes the key as UnmarshalText reads it.
func (k SymmetricKey) MarshalText() ([]byte, error) {
	text := base64.StdEncoding.EncodeToString(k.Bytes)
	for _, key := range k.Older {
		text += "," + base64.StdEncoding.EncodeToString(key)
	}
	return []byte(text), nil
}

// String hides the key from logs.
func (k SymmetricKey) String() string { return "***" }

// GoString hides the key from %#v.
func (k SymmetricKey) GoString() string { return "***" }

// Password is a text that prints as stars.
type Password string

// String hides the password from logs.
func (p Password) String() string { return "***" }

// GoString hides the password from %#v.
func (p Password) GoString() string { return "***" }

// MarshalText hides the password from JSON.
func (p Password) MarshalText() ([]byte, error) { return []byte("***"), nil }
