package session

import (
	"errors"
	"time"

	"onex.io/onex/shared/api/session"
	"onex.io/onex/shared/identity"
	"onex.io/onex/shared/platform"
	"onex.io/onex/shared/token"
)

// issuer signs the two tokens of a session.
type issuer struct {
	tokens      *token.Signer
	accessLife  time.Duration
	refreshLife time.Duration
	now         func() time.Time
}

func newIssuer(p *platform.Platform) (*issuer, error) {
	if p.Config.TokenKey.PrivateKey == nil {
		return nil, errors.New("ONEX_TOKEN_KEY is not set")
	}
	return &issuer{
		tokens:     token.NewLoginSigner(p.Config.TokenKey.PrivateKey, p.Now),
		accessLife: p.Config.AccessTokenLife, refreshLife: p.Config.RefreshTokenLife, now: p.Now,
	}, nil
}

// pair signs an access token, and the refresh token of the given round.
func (i *issuer) pair(s *identity.Session, round int64) (*session.Tokens, error) {
	expires := i.now().Add(i.accessLife)
	access, err := i.tokens.Sign(token.Claims{Subject: s.UserID, Session: s.ID, Kind: token.Access, Expires: expires})
	if err != nil {
		return nil, err
	}
	refresh, err := i.tokens.Sign(token.Claims{Subject: s.UserID, Session: s.ID, Round: round, Kind: token.Refresh, Expires: s.Expires})
	if err != nil {
		return nil, err
	}
	return &session.Tokens{AccessToken: access, RefreshToken: refresh, Type: "Bearer", ExpiresAt: expires.Unix()}, nil
}
