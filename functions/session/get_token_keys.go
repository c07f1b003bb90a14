package session

import (
	"context"
	"encoding/base64"

	"onex.io/onex/shared/api/session"
	"onex.io/onex/shared/op"
	"onex.io/onex/shared/platform"
	"onex.io/onex/shared/token"
)

// newGetTokenKeys shows the public keys alone, all that verify: also one that signs no more, or not yet.
func newGetTokenKeys(p *platform.Platform) (op.RequestFunc[session.KeysRequest, session.Keys], error) {
	set := session.Keys{Keys: []session.Key{}}
	for _, key := range p.Config.TokenPublicKeys.Keys {
		set.Keys = append(set.Keys, session.Key{
			Type: "OKP", Curve: "Ed25519", Use: "sig", Algorithm: "EdDSA",
			ID: token.LoginKeyID(key.PublicKey), X: base64.RawURLEncoding.EncodeToString(key.PublicKey),
		})
	}
	return func(context.Context, *session.KeysRequest) (*session.Keys, error) { return &set, nil }, nil
}
