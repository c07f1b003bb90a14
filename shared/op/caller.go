package op

import (
	"context"
	"strings"
)

// ofUserCenter says whether a path is one of the original's user center. Its clients send the refresh token there, so
// that either token of a log-in is taken.
func ofUserCenter(path string) bool {
	for _, start := range []string{"/v1/auth/", "/v1/users", "/v1/secrets"} {
		if strings.HasPrefix(path, start) {
			return true
		}
	}
	return false
}

// Caller is the program that calls, as far as it can be known. Nothing is decided by what it says of itself.
type Caller struct {
	Address string // where it calls from, as the gateway says
	Agent   string // what it says it is, in its header User-Agent
}

type callerKey struct{}

// CallerOf is who calls in ctx.
func CallerOf(ctx context.Context) Caller {
	c, _ := ctx.Value(callerKey{}).(Caller)
	return c
}

// longestAgent bounds what is kept of a caller's name of itself, in bytes.
const longestAgent = 200

func withCaller(ctx context.Context, address, agent string) context.Context {
	agent = strings.ToValidUTF8(agent, "")
	if len(agent) > longestAgent {
		agent = strings.ToValidUTF8(agent[:longestAgent], "")
	}
	return context.WithValue(ctx, callerKey{}, Caller{Address: address, Agent: agent})
}
