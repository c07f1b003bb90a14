// Package nightwatch is the domain of what only the clock can wake.
package nightwatch

import "onex.io/onex/shared/op"

// Operations lists what the domain can do.
func Operations() []op.Operation {
	return []op.Operation{
		{
			Name: "relay-outbox", Summary: "Tells the broker what an operation intended to tell before it died.",
			Wakes: op.On(op.Every("2-59/5 * * * *")), Handler: op.OnEvent(newRelayOutbox), Scale: op.Scale{Max: 1},
		},
		{
			Name: "sweep-answers", Summary: "Forgets the answers that were kept for requests with a key, a day after.",
			Wakes: op.On(op.Every("17 * * * *")), Handler: op.OnEvent(newSweepAnswers), Scale: op.Scale{Max: 1},
		},
	}
}
