// Package session is the public contract of logging in and out, and of telling whose a token is.
package session

// LoginRequest asks for a session.
type LoginRequest struct{ Body Login }

// Login is a name and its password.
type Login struct {
	Username string `json:"username" minLength:"1" maxLength:"254" doc:"the username, or the e-mail address or phone number of the user"`
	Password string `json:"password" minLength:"1" maxLength:"128"`
	Kind     string `json:"kind,omitempty" enum:"web,phone,api" default:"api" doc:"what logs in: a user has one session of web and of phone, and ten of api; the oldest ends"`
}

// RefreshRequest asks for a new pair of tokens. The refresh token is its bearer, and is good once.
type RefreshRequest struct{}

// LogoutRequest ends the session that its bearer belongs to, be that the access or the refresh token.
type LogoutRequest struct{}

// Logout is the reply to LogoutRequest.
type Logout struct{}

// LogoutEverywhereRequest ends every session of the caller.
type LogoutEverywhereRequest struct{}

// KeysRequest asks what verifies the tokens of log-ins.
type KeysRequest struct{}

// Keys are a JSON Web Key Set (RFC 7517).
type Keys struct {
	Keys []Key `json:"keys"`
}

// Key is a JSON Web Key of Ed25519 (RFC 8037).
type Key struct {
	Type      string `json:"kty" enum:"OKP"`
	Curve     string `json:"crv" enum:"Ed25519"`
	Use       string `json:"use" enum:"sig"`
	Algorithm string `json:"alg" enum:"EdDSA"`
	ID        string `json:"kid"`
	X         string `json:"x" doc:"the public key, in base64url"`
}

// AuthenticateRequest asks whose a token is.
type AuthenticateRequest struct{ Body Authenticate }

// Authenticate is a token that somebody was given.
type Authenticate struct {
	Token string `json:"token" maxLength:"8192" doc:"an access token, or one that a user signed"`
}

// Identity is whose a token is.
type Identity struct {
	UserID string `json:"userID"`
}

// Tokens are what a log-in or a refresh gives.
type Tokens struct {
	RefreshToken string `json:"refreshToken" doc:"buys a new pair, once"`
	AccessToken  string `json:"accessToken" doc:"calls operations, as bearer"`
	Type         string `json:"type" doc:"always Bearer"`
	ExpiresAt    int64  `json:"expiresAt,string" doc:"when the access token expires, in unix seconds"`
}
