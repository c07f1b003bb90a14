package identity

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"strings"

	"golang.org/x/crypto/argon2"
	"golang.org/x/crypto/bcrypt"
)

// Passwords hashes passwords with argon2id, and knows the hashes that it made at other costs and those of the original
// (bcrypt). A field that is zero is the default: OWASP's second recommendation (19 MiB, two passes, one lane).
type Passwords struct {
	Memory uint32 // KiB
	Passes uint32
	Lanes  uint8
}

// The defaults, and what does not depend on the cost.
const (
	DefaultMemory = 19 * 1024 // KiB
	DefaultPasses = 2
	DefaultLanes  = 1

	argonSalt = 16
	argonKey  = 32
)

func (p Passwords) orDefault() Passwords {
	if p.Memory == 0 {
		p.Memory = DefaultMemory
	}
	if p.Passes == 0 {
		p.Passes = DefaultPasses
	}
	if p.Lanes == 0 {
		p.Lanes = DefaultLanes
	}
	return p
}

// Hash makes the PHC string of a new argon2id hash.
func (p Passwords) Hash(password string) string {
	p = p.orDefault()
	h := hashed{cost: p, salt: make([]byte, argonSalt)}
	rand.Read(h.salt) // never fails: crypto/rand ends the program instead
	b64 := base64.RawStdEncoding.EncodeToString
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, p.Memory, p.Passes, p.Lanes, b64(h.salt), b64(h.of(password, argonKey)))
}

// Match compares in constant time. It spends the effort of a new hash on one that it cannot read, as for a user who
// does not exist, so that time does not tell who does. Outdated is a hash that matches, but that is not as a new one
// would be: whoever knows the password now can make another.
func (p Passwords) Match(hash, password string) (ok, outdated bool) {
	if strings.HasPrefix(hash, "$2") {
		ok = bcrypt.CompareHashAndPassword([]byte(hash), []byte(password)) == nil
		return ok, ok
	}
	p = p.orDefault()
	h, readable := parsePHC(hash)
	if !readable {
		h = hashed{cost: p, salt: make([]byte, argonSalt), key: make([]byte, argonKey)}
	}
	ok = subtle.ConstantTimeCompare(h.of(password, uint32(len(h.key))), h.key) == 1 && readable
	return ok, ok && (h.cost != p || len(h.salt) != argonSalt || len(h.key) != argonKey)
}

// hashed is what a PHC string of argon2id says.
type hashed struct {
	cost      Passwords
	salt, key []byte
}

func (h hashed) of(password string, length uint32) []byte {
	return argon2.IDKey([]byte(password), h.salt, h.cost.Passes, h.cost.Memory, h.cost.Lanes, length)
}

func parsePHC(hash string) (h hashed, ok bool) {
	parts := strings.Split(hash, "$")
	if len(parts) != 6 || parts[1] != "argon2id" || parts[2] != fmt.Sprintf("v=%d", argon2.Version) {
		return h, false
	}
	if _, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &h.cost.Memory, &h.cost.Passes, &h.cost.Lanes); err != nil || h.cost.Passes == 0 || h.cost.Lanes == 0 {
		return h, false
	}
	var err error
	if h.salt, err = base64.RawStdEncoding.DecodeString(parts[4]); err != nil {
		return h, false
	}
	h.key, err = base64.RawStdEncoding.DecodeString(parts[5])
	return h, err == nil && len(h.key) >= 16
}
