package secret

import (
	"context"
	"time"

	"onex.io/onex/shared/access"
	"onex.io/onex/shared/api/secret"
	"onex.io/onex/shared/fault"
	"onex.io/onex/shared/identity"
	"onex.io/onex/shared/op"
	"onex.io/onex/shared/platform"
)

// updateSecret changes one of the caller's secrets.
type updateSecret struct {
	secrets changer
	now     func() time.Time
}

type changer interface {
	// Change is Missing when the user has no secret of the name.
	Change(ctx context.Context, userID, name string, make func(*identity.Secret)) error
}

func newUpdateSecret(p *platform.Platform) (op.RequestFunc[secret.UpdateRequest, secret.Updated], error) {
	store, err := storeOf(p)
	return (&updateSecret{secrets: store, now: p.Now}).Handle, err
}

// Handle changes what is named. An end that has passed is taken: whoever gives one wants the key to end.
func (f *updateSecret) Handle(ctx context.Context, in *secret.UpdateRequest) (*secret.Updated, error) {
	if end := in.Body.Expires; end != nil && *end < 0 {
		return nil, fault.Field("body.expires", "it must be a time in unix seconds, or 0")
	}
	now := f.now().UTC().Truncate(time.Millisecond)
	return &secret.Updated{}, f.secrets.Change(ctx, access.From(ctx).UserID, in.Name, func(s *identity.Secret) {
		if in.Body.Expires != nil {
			s.Expires = int64(*in.Body.Expires)
		}
		if in.Body.Status != nil {
			s.Status = identity.SecretStatus(*in.Body.Status)
		}
		if in.Body.Description != nil {
			s.Description = *in.Body.Description
		}
		s.UpdatedAt = now
	})
}
