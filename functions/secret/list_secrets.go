package secret

import (
	"context"

	"onex.io/onex/shared/access"
	"onex.io/onex/shared/api/page"
	"onex.io/onex/shared/api/secret"
	"onex.io/onex/shared/identity"
	"onex.io/onex/shared/op"
	"onex.io/onex/shared/platform"
)

// listSecrets shows the caller's secrets; there is no way to name another's.
type listSecrets struct{ secrets lister }

type lister interface {
	List(ctx context.Context, userID string) ([]identity.Secret, error)
}

func newListSecrets(p *platform.Platform) (op.RequestFunc[secret.ListRequest, secret.List], error) {
	store, err := storeOf(p)
	return (&listSecrets{secrets: store}).Handle, err
}

func storeOf(p *platform.Platform) (identity.Secrets, error) {
	db, err := p.Mongo()
	if err != nil {
		return identity.Secrets{}, err
	}
	return identity.NewSecrets(db), nil
}

// Handle tells everything but the keys.
func (f *listSecrets) Handle(ctx context.Context, in *secret.ListRequest) (*secret.List, error) {
	userID := access.From(ctx).UserID
	kept, err := f.secrets.List(ctx, userID)
	if err != nil {
		return nil, err
	}
	all := make([]secret.Secret, len(kept))
	for i := range kept {
		all[i] = reply(userID, &kept[i])
	}
	return &secret.List{TotalCount: int64(len(all)), Secrets: page.Cut(all, in.Page)}, nil
}
