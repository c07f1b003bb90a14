package secret

import (
	"context"

	"onex.io/onex/shared/access"
	"onex.io/onex/shared/api/secret"
	"onex.io/onex/shared/op"
	"onex.io/onex/shared/platform"
)

// deleteSecret deletes one of the caller's secrets.
type deleteSecret struct{ secrets remover }

type remover interface {
	// Remove is no error when the user has no secret of the name.
	Remove(ctx context.Context, userID, name string) error
}

func newDeleteSecret(p *platform.Platform) (op.RequestFunc[secret.DeleteRequest, secret.Deleted], error) {
	store, err := storeOf(p)
	return (&deleteSecret{secrets: store}).Handle, err
}

// Handle deletes the secret.
func (f *deleteSecret) Handle(ctx context.Context, in *secret.DeleteRequest) (*secret.Deleted, error) {
	return &secret.Deleted{}, f.secrets.Remove(ctx, access.From(ctx).UserID, in.Name)
}
