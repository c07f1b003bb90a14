// Package seal keeps small secrets where others may read: in the store, in its backups and in the cache. Each secret
// is sealed with a data key of its own, and the data key with the platform's (envelope encryption, AES-256-GCM).
package seal

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"fmt"
)

// KeySize is the length of the platform's key and of a data key, in bytes.
const KeySize = 32

// Sealed is a secret that only a Box of the same key opens.
type Sealed struct {
	Key  []byte `bson:"key" json:"key"`   // the data key, sealed with the platform's
	Data []byte `bson:"data" json:"data"` // the secret, sealed with the data key
}

// Box seals with one key, and opens with that or with those that were there before. It is safe for concurrent use.
type Box struct{ keys []cipher.AEAD }

// NewBox makes a Box of keys of KeySize bytes. Older are keys that only open.
func NewBox(key []byte, older ...[]byte) (*Box, error) {
	b := &Box{}
	for _, key := range append([][]byte{key}, older...) {
		aead, err := cipherOf(key)
		if err != nil {
			return nil, err
		}
		b.keys = append(b.keys, aead)
	}
	return b, nil
}

// cipherOf puts a nonce of 96 random bits before each text, which is safe for 2^32 texts of one key.
func cipherOf(key []byte) (cipher.AEAD, error) {
	if len(key) != KeySize {
		return nil, fmt.Errorf("seal: the key has %d bytes, want %d", len(key), KeySize)
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("seal: %w", err)
	}
	return cipher.NewGCMWithRandomNonce(block)
}

// Seal seals a secret. It opens only under the same label, so that a seal cannot be moved to somebody else's name.
func (b *Box) Seal(secret []byte, label string) (Sealed, error) {
	dataKey := make([]byte, KeySize)
	rand.Read(dataKey) // never fails: crypto/rand ends the program instead
	aead, err := cipherOf(dataKey)
	if err != nil {
		return Sealed{}, err
	}
	return Sealed{Key: b.keys[0].Seal(nil, nil, dataKey, []byte(label)), Data: aead.Seal(nil, nil, secret, []byte(label))}, nil
}

// Open gives the secret back; an error when key, label or seal is another.
func (b *Box) Open(s Sealed, label string) ([]byte, error) {
	dataKey, err := b.dataKey(s, label)
	if err != nil {
		return nil, fmt.Errorf("open the data key of %q: %w", label, err)
	}
	aead, err := cipherOf(dataKey)
	if err != nil {
		return nil, err
	}
	secret, err := aead.Open(nil, nil, s.Data, []byte(label))
	if err != nil {
		return nil, fmt.Errorf("open %q: %w", label, err)
	}
	return secret, nil
}

// Reseal puts the first of the box's keys in the place of the older one that a seal is under; done is false for a seal
// that is under it already. The secret is not opened, and its seal under the data key stays as it is.
func (b *Box) Reseal(s Sealed, label string) (under Sealed, done bool, err error) {
	if _, err := b.keys[0].Open(nil, nil, s.Key, []byte(label)); err == nil {
		return s, false, nil
	}
	dataKey, err := b.dataKey(s, label)
	if err != nil {
		return s, false, fmt.Errorf("open the data key of %q: %w", label, err)
	}
	return Sealed{Key: b.keys[0].Seal(nil, nil, dataKey, []byte(label)), Data: s.Data}, true, nil
}

func (b *Box) dataKey(s Sealed, label string) (dataKey []byte, err error) {
	for _, key := range b.keys {
		if dataKey, err = key.Open(nil, nil, s.Key, []byte(label)); err == nil {
			return dataKey, nil
		}
	}
	return nil, err
}
