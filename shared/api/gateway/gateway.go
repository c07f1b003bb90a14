// Package gateway is the public contract of what concerns requests of every domain.
package gateway

// TokenRequest asks for a key.
type TokenRequest struct{}

// Token is a key for one POST.
type Token struct {
	Token string `json:"token" doc:"a key that nobody else has, for X-Idempotent-ID or Idempotency-Key"`
}
