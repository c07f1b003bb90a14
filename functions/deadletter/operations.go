// Package deadletter is the domain of what could not be delivered: it is kept, with its cause, until somebody looks.
package deadletter

import "onex.io/onex/shared/op"

// Operations lists what the domain can do.
func Operations() []op.Operation {
	return []op.Operation{{
		Name: "keep-dead-letter", Summary: "Keeps an event that its subscriber refused for good, or too often, and why.",
		Wakes: op.On(op.DeadLetters()), Handler: op.OnEvent(newKeepDeadLetter),
	}}
}
