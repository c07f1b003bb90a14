package secret

import (
	"context"

	"onex.io/onex/shared/access"
	"onex.io/onex/shared/api/secret"
	"onex.io/onex/shared/identity"
	"onex.io/onex/shared/op"
	"onex.io/onex/shared/platform"
)

// getSecret shows one of the caller's secrets.
type getSecret struct{ secrets namer }

type namer interface {
	// Named is Missing when the user has no secret of the name.
	Named(ctx context.Context, userID, name string) (*identity.Secret, error)
}

func newGetSecret(p *platform.Platform) (op.RequestFunc[secret.GetRequest, secret.Secret], error) {
	store, err := storeOf(p)
	return (&getSecret{secrets: store}).Handle, err
}

// Handle tells everything but the key.
func (f *getSecret) Handle(ctx context.Context, in *secret.GetRequest) (*secret.Secret, error) {
	userID := access.From(ctx).UserID
	s, err := f.secrets.Named(ctx, userID, in.Name)
	if err != nil {
		return nil, err
	}
	told := reply(userID, s)
	return &told, nil
}
