// Package asyncapi makes the AsyncAPI document of what is said between the operations: the events of the Broker, the
// Kafka topics and the clock, and who is woken by each.
package asyncapi

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"

	"github.com/danielgtaylor/huma/v2"

	"onex.io/onex/eventing"
	"onex.io/onex/shared/op"
)

// File is where the document is kept.
const File = "docs/asyncapi.json"

const about = `What the operations of OneX say to each other, as CloudEvents. Events are hints: they come at least once, in any
order, and say where to look; what an operation does, it does by the fact that stands there. The topics alone carry
facts, and take them from those who have the credentials.`

// object is a JSON object.
type object = map[string]any

// The channels beside the topics, which have their own names.
const (
	broker  = "broker"
	clock   = "clock"
	letters = "dead-letters"
	objects = "objects"
)

// Document is the AsyncAPI document of the operations that are woken by anything but a request.
func Document(operations []op.Operation) ([]byte, error) {
	schemas := huma.NewMapRegistry("#/components/schemas/", huma.DefaultSchemaNamer)
	messages := object{eventing.Tick: message(eventing.Tick, "It is time to look.", object{"type": "object"})}
	for _, name := range eventing.Types() {
		payload, known := eventing.Payloads()[name]
		if !known {
			return nil, fmt.Errorf("asyncapi: nothing says what %q carries", name)
		}
		messages[name] = message(name, "", schemas.Schema(reflect.TypeOf(payload), true, name))
	}
	for _, name := range eventing.ObjectTypes() {
		messages[name] = message(name, "An object has changed.", schemas.Schema(reflect.TypeFor[eventing.ObjectData](), true, name))
	}
	messages[letters] = message(letters, "Any event, with Knative's reason beside it.", object{})
	channels := object{
		broker:  channel("default", "The Broker of Knative Eventing.", told()),
		clock:   channel(nil, "PingSources.", []string{eventing.Tick}),
		objects: channel("default", "ApiServerSources, by the Broker.", eventing.ObjectTypes()),
		letters: channel(nil, "What could not be delivered.", []string{letters}),
	}
	woken := object{}
	for _, o := range operations {
		if err := describe(o, channels, woken); err != nil {
			return nil, err
		}
	}
	text, err := json.MarshalIndent(object{
		"asyncapi": "3.0.0", "info": object{"title": "OneX", "version": "v1", "description": about},
		"defaultContentType": "application/json", "channels": channels, "operations": woken,
		"components": object{"messages": messages, "schemas": schemas.Map()},
	}, "", "  ")
	return append(text, '\n'), err
}

// told are the types that the Broker carries: those that no topic does.
func told() []string {
	types := eventing.Types()
	for _, topic := range eventing.Topics() {
		types = slices.DeleteFunc(types, func(t string) bool { return slices.Contains(eventing.TypesOn(topic), t) })
	}
	return types
}

func message(name, summary string, payload any) object {
	m := object{"name": name, "payload": payload}
	if summary != "" {
		m["summary"] = summary
	}
	return m
}

// channel carries the named messages. Its address is nil where nobody sends by one.
func channel(address any, description string, names []string) object {
	messages := object{}
	for _, name := range names {
		messages[name] = object{"$ref": "#/components/messages/" + name}
	}
	return object{"address": address, "description": description, "messages": messages}
}

// describe says what wakes an operation, each in an entry of its own.
func describe(o op.Operation, channels, woken object) error {
	for _, w := range o.Wakes {
		from, heard := "", []string(nil)
		switch {
		case w.Event != nil && slices.Contains(eventing.ObjectTypes(), w.Event.Type):
			from, heard = objects, []string{w.Event.Type}
		case w.Event != nil:
			from, heard = broker, []string{w.Event.Type}
		case w.Schedule != nil:
			from, heard = clock, []string{eventing.Tick}
		case w.Objects != nil:
			from, heard = objects, eventing.ObjectTypes()
		case w.DeadLetter:
			from, heard = letters, []string{letters}
		case w.Topic != nil:
			from, heard = w.Topic.Name, eventing.TypesOn(w.Topic.Name)
			topic := channel(from, "A topic of Kafka.", heard)
			topic["bindings"] = object{"kafka": object{"topic": from, "partitions": w.Topic.Partitions}}
			channels[from] = topic
		default:
			continue
		}
		entry, err := receive(o, from, heard, channels)
		if err != nil {
			return err
		}
		if w.Schedule != nil {
			entry["description"] = "At " + w.Schedule.Cron
		}
		name := o.Name
		if woken[name] != nil {
			name += "-by-" + from
		}
		woken[name] = entry
	}
	return nil
}

func receive(o op.Operation, from string, heard []string, channels object) (object, error) {
	carried := channels[from].(object)["messages"].(object)
	var messages []object
	for _, name := range heard {
		if carried[name] == nil {
			return nil, fmt.Errorf("asyncapi: %s waits for %q, which %s does not carry", o.Name, name, from)
		}
		messages = append(messages, object{"$ref": "#/channels/" + from + "/messages/" + name})
	}
	if len(messages) == 0 {
		return nil, fmt.Errorf("asyncapi: %s waits for nothing that %s carries", o.Name, from)
	}
	return object{"action": "receive", "channel": object{"$ref": "#/channels/" + from}, "summary": o.Summary, "messages": messages}, nil
}
