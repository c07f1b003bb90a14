// Package session is the domain of log-ins.
package session

import (
	"onex.io/onex/shared/access"
	"onex.io/onex/shared/op"
)

// Operations lists what the domain can do.
func Operations() []op.Operation {
	return []op.Operation{
		{
			Name: "login", Summary: "Gives tokens for a username and its password.", Allow: access.Anyone,
			Wakes: op.On(op.Post("/v1/auth/login")), Secrets: []string{"ONEX_TOKEN_KEY"},
			Scale:   op.Scale{Concurrency: 4}, // each hashes a password: 19 MiB and tens of milliseconds of CPU
			Handler: op.Request(newLogin),
		},
		{
			Name: "logout", Summary: "Ends the caller's session.", Allow: access.LoggedIn,
			Wakes: op.On(op.Post("/v1/auth/logout")), Handler: op.Request(newLogout),
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
	}
}
