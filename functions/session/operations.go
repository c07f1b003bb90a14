// Package session is the domain of log-ins.
package session

import (
	"onex.io/onex/shared/access"
	"onex.io/onex/shared/op"
)

// hashing is for what hashes passwords: each takes tens of megabytes and of milliseconds of CPU.
func hashing() op.Scale { return op.Scale{Concurrency: 4} }

// Operations lists what the domain can do.
func Operations() []op.Operation {
	return []op.Operation{
		{
			Name: "login", Summary: "Gives tokens for a username, e-mail address or phone number, and its password.", Allow: access.Anyone,
			Wakes: op.On(op.Post("/v1/auth/login")), Secrets: []string{"ONEX_TOKEN_KEY"},
			Scale: hashing(), Handler: op.Request(newLogin),
		},
		{
			Name: "logout", Summary: "Ends the caller's session.", Allow: access.LoggedIn,
			Wakes: op.On(op.Post("/v1/auth/logout")), Handler: op.Request(newLogout),
		},
		{
			Name: "logout-everywhere", Summary: "Ends every session of the caller.", Allow: access.LoggedIn,
			Wakes: op.On(op.Post("/v1/auth/logout-everywhere")), Handler: op.Request(newLogoutEverywhere),
		},
		{
			Name: "refresh-token", Summary: "Gives the next pair of tokens for a refresh token, once.", Allow: access.Renewing,
			Wakes: op.On(op.Post("/v1/auth/refresh-token")), Secrets: []string{"ONEX_TOKEN_KEY"},
			Handler: op.Request(newRefreshToken),
		},
		{
			Name: "authenticate", Summary: "Tells whose a token is.", Allow: access.Openable,
			Wakes: op.On(op.Post("/v1/auth/authenticate")), Handler: op.Request(newAuthenticate),
		},
		{
			Name: "get-token-keys", Summary: "Shows what verifies the tokens of log-ins, as a JSON Web Key Set.", Allow: access.Anyone,
			Wakes: op.On(op.Get("/.well-known/jwks.json")), Handler: op.Request(newGetTokenKeys),
		},
		{
			Name: "sweep-sessions", Summary: "Forgets sessions, failures and log-ins that are past.",
			Wakes: op.On(op.Every("17 * * * *")), Handler: op.OnEvent(newSweepSessions), Scale: op.Scale{Max: 1},
		},
	}
}
