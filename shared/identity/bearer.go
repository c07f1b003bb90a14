package identity

import (
	"context"

	"onex.io/onex/shared/access"
	"onex.io/onex/shared/seal"
	"onex.io/onex/shared/token"
)

// Bearers tells who a bearer token speaks for: a user by a log-in, a user by an own key, or a part of the platform.
type Bearers struct {
	// Tokens verifies what we signed.
	Tokens *token.Verifier
	// Keys opens what users sign with.
	Keys     *seal.Box
	Standing Standing
}

// Identify verifies a token and asks whether what it rests on still stands. Whatever does not hold is refused in the
// same words; whom a refused token names is told for the record alone.
func (b Bearers) Identify(ctx context.Context, text string) (access.Principal, error) {
	if id := b.Tokens.SecretID(text); id != "" {
		return b.signed(ctx, text, id)
	}
	claims, err := b.Tokens.Verify(text)
	if err != nil {
		return access.Principal{}, err
	}
	p := access.Principal{UserID: claims.Subject, Session: claims.Session, Round: claims.Round, Pool: claims.Pool, Kind: claims.Kind}
	if claims.Kind == token.Platform || claims.Kind == token.Scaler {
		return p, nil
	}
	p.Admin, p.Spent, err = b.Standing.Session(ctx, claims)
	return p, err
}

func (b Bearers) signed(ctx context.Context, text, secretID string) (access.Principal, error) {
	holder := b.Tokens.Holder(text)
	key, err := b.Standing.Key(ctx, holder, secretID)
	if err != nil {
		return access.Principal{}, err
	}
	label := SecretLabel(key.UserID, secretID)
	err = b.Tokens.VerifySigned(text, key.UserID, append([]byte(label), key.Sealed.Data...), func() ([]byte, error) {
		return b.Keys.Open(key.Sealed, label) // an error, and so a refusal, for a seal of another platform key
	})
	if err != nil {
		return access.Principal{}, err
	}
	if holder != key.UserID { // only now is it sure who asks
		if err := b.Standing.Limits.Take(ctx, key.UserID); err != nil {
			return access.Principal{}, err
		}
	}
	return access.Principal{UserID: key.UserID, Secret: secretID, Kind: token.Signed, Admin: key.Admin}, nil
}
