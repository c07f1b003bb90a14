// Package setup is the domain of what a deployment needs once.
package setup

import "onex.io/onex/shared/op"

// Operations lists what the domain can do.
func Operations() []op.Operation {
	return []op.Operation{{
		Name: "make-topics", Summary: "Makes the Kafka topics that are not there.",
		Wakes: op.On(op.AtDeploy()), Handler: op.Job(makeTopics),
	}}
}
