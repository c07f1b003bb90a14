// Package session is the public contract of logging in and out.
package session

// LoginRequest asks for a session.
type LoginRequest struct{ Body Login }

// Login is a name and its password.
type Login struct {
	Username string `json:"username" minLength:"1" maxLength:"253"`
	Password string `json:"password" minLength:"1" maxLength:"128"`
}

// Tokens are what a log-in gives.
type Tokens struct {
	RefreshToken string `json:"refreshToken" doc:"buys a new pair"`
	AccessToken  string `json:"accessToken" doc:"calls operations, as bearer"`
	Type         string `json:"type" doc:"always Bearer"`
	ExpiresAt    int64  `json:"expiresAt,string" doc:"when the access token expires, in unix seconds"`
}
