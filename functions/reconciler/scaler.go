package reconciler

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"time"

	"onex.io/onex/shared/token"
)

// Scalers is how MinerSets that scale themselves are measured.
type Scalers struct {
	// Measure is the URL of the operation measure-minerset, a pattern for the name of a MinerSet.
	Measure string
	// Key signs the tokens of autoscalers: the platform's own.
	Key ed25519.PrivateKey
}

// MeasureAt is the pattern for Scalers.Measure where operations answer at services, a pattern for their names.
func MeasureAt(services string) string {
	return fmt.Sprintf(services, "measure-minerset") + "/v1/minersets/%s/measure"
}

// scalerLife is how long the token of an autoscaler holds. It is long because nobody renews it, and it may be because
// all that it is good for is one number about one MinerSet, as long as that is there.
const scalerLife = 10 * 365 * 24 * time.Hour

func (s Scalers) token(namespace, pool string, now func() time.Time) (string, error) {
	return token.NewPlatformSigner(s.Key, now).Sign(token.Claims{
		Subject: namespace, Pool: pool, Kind: token.Scaler, Expires: now().Add(scalerLife),
	})
}

// keyMark tells keys apart: what another key has signed stands in a Secret of another name.
func (s Scalers) keyMark() string {
	if len(s.Key) != ed25519.PrivateKeySize {
		return "none"
	}
	public := s.Key[ed25519.PrivateKeySize-ed25519.PublicKeySize:]
	sum := sha256.Sum256(public)
	return hex.EncodeToString(sum[:4])
}
