package secret

import (
	"context"
	"time"

	"onex.io/onex/shared/access"
	"onex.io/onex/shared/api/secret"
	"onex.io/onex/shared/api/unix"
	"onex.io/onex/shared/fault"
	"onex.io/onex/shared/identity"
	"onex.io/onex/shared/op"
	"onex.io/onex/shared/platform"
	"onex.io/onex/shared/seal"
)

// createSecret makes a key pair: an id, which goes into the header of a token, and a key, which signs it.
type createSecret struct {
	secrets secrets
	seals   *seal.Box
	now     func() time.Time
}

type secrets interface {
	// Add is a Conflict when the user has one of that name, and Invalid when the user has the most already.
	Add(ctx context.Context, userID string, s *identity.Secret) error
}

func newCreateSecret(p *platform.Platform) (op.RequestFunc[secret.CreateRequest, secret.Created], error) {
	db, err := p.Mongo()
	if err != nil {
		return nil, err
	}
	seals, err := p.Seals()
	return (&createSecret{secrets: identity.NewSecrets(db), seals: seals, now: p.Now}).Handle, err
}

// Handle tells the key in its reply and nowhere else. A repeat is told that the name is taken, not the key: who has
// lost the reply makes another secret.
func (f *createSecret) Handle(ctx context.Context, in *secret.CreateRequest) (*secret.Created, error) {
	now := f.now().UTC().Truncate(time.Millisecond)
	if end := int64(in.Body.Expires); end < 0 || end != 0 && end <= now.Unix() {
		return nil, fault.Field("body.expires", "it must be later than now, in unix seconds, or 0")
	}
	userID, id, key := access.From(ctx).UserID, identity.NewSecretID(), identity.NewSecretKey()
	sealed, err := f.seals.Seal([]byte(key), identity.SecretLabel(userID, id))
	if err != nil {
		return nil, err
	}
	s := &identity.Secret{
		ID: id, Name: in.Body.Name, Description: in.Body.Description, Status: identity.SecretActive,
		Expires: int64(in.Body.Expires), Key: sealed, CreatedAt: now, UpdatedAt: now,
	}
	if err := f.secrets.Add(ctx, userID, s); err != nil {
		return nil, err
	}
	return &secret.Created{Secret: reply(userID, s), SecretKey: key}, nil
}

// reply tells of a secret what may be told at any time.
func reply(userID string, s *identity.Secret) secret.Secret {
	return secret.Secret{
		UserID: userID, Name: s.Name, SecretID: s.ID, Expires: unix.Time(s.Expires), Status: int(s.Status),
		Description: s.Description, CreatedAt: s.CreatedAt, UpdatedAt: s.UpdatedAt,
	}
}
