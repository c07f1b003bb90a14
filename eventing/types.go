// Package eventing is what may be said: every event type with its payload, and how an event is made.
//
// Events are hints. A handler takes from an event which fact to look at and reads the fact where it stands, so
// forging one gains nothing. Ids derive from the fact, so that saying it twice is saying the same.
package eventing

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	cloudevents "github.com/cloudevents/sdk-go/v2"

	"onex.io/onex/shared/audit"
)

// The event types. A breaking change is a new version beside the old one.
const (
	// UserCreated says that somebody signed up; the fact is the user in the store.
	UserCreated = "io.onex.user.created.v1"
	// UserDeleted says that a user is leaving; the fact is the user in the store.
	UserDeleted = "io.onex.user.deleted.v1"
	// BlockMined says that a chain may have grown; the fact is the chain itself.
	BlockMined = "io.onex.chain.block.mined.v1"
	// AccessDecided is an audit record: the payload is the fact, its sender is authenticated by the topic.
	AccessDecided = audit.EventType
	// Tick is what a Knative PingSource says: it is time to look.
	Tick = "dev.knative.sources.ping"
	// ObjectAdded, ObjectUpdated and ObjectDeleted are what a Knative ApiServerSource says in its mode Reference: an
	// object has changed; the fact is the object, or that it is not there.
	ObjectAdded   = ObjectPrefix + "add"
	ObjectUpdated = ObjectPrefix + "update"
	ObjectDeleted = ObjectPrefix + "delete"
)

// ObjectPrefix is what the types of an ApiServerSource begin with.
const ObjectPrefix = "dev.knative.apiserver.ref."

// AuditTopic is the Kafka topic of AccessDecided.
const AuditTopic = audit.Topic

// Partitions is how many partitions a topic has, which bounds how many consumers can share it. More can be added
// later, fewer never.
const Partitions = 3

// Topics are the Kafka topics of the platform.
func Topics() []string { return []string{AuditTopic} }

// Types are the event types of the platform's own vocabulary.
func Types() []string { return []string{UserCreated, UserDeleted, BlockMined, AccessDecided} }

// Payloads are what the events carry: an example of the Go type, empty, by event type.
func Payloads() map[string]any {
	return map[string]any{UserCreated: UserCreatedData{}, UserDeleted: UserDeletedData{}, BlockMined: BlockMinedData{}, AccessDecided: audit.Record{}}
}

// TypesOn are the event types that a topic carries.
func TypesOn(topic string) []string {
	return map[string][]string{AuditTopic: {AccessDecided}}[topic]
}

// ObjectTypes are the event types of a Knative ApiServerSource.
func ObjectTypes() []string { return []string{ObjectAdded, ObjectUpdated, ObjectDeleted} }

// ObjectData names the object that has changed. It has the shape of Kubernetes' ObjectReference.
type ObjectData struct {
	Kind       string `json:"kind"`
	Namespace  string `json:"namespace"`
	Name       string `json:"name"`
	APIVersion string `json:"apiVersion"`
}

// UserCreatedData names the user who signed up.
type UserCreatedData struct {
	UserID string `json:"userID"`
}

// UserDeletedData names the user who is leaving.
type UserDeletedData struct {
	UserID string `json:"userID"`
}

// BlockMinedData names the block that its miner found.
type BlockMinedData struct {
	ChainID string `json:"chainID"`
	Height  int64  `json:"height"`
	Hash    string `json:"hash"`
}

// ChainSource is the source of the events of one chain.
func ChainSource(namespace, chain string) string {
	return "/namespaces/" + namespace + "/chains/" + chain
}

// ChainOfSource reads namespace and name back from ChainSource.
func ChainOfSource(source string) (namespace, chain string, ok bool) {
	parts := strings.Split(source, "/")
	if len(parts) != 5 || parts[0] != "" || parts[1] != "namespaces" || parts[3] != "chains" || parts[2] == "" || parts[4] == "" {
		return "", "", false
	}
	return parts[2], parts[4], true
}

// New makes a valid event. The id must derive from the fact, so that a repeat has the same id.
func New(eventType, source, id string, at time.Time, data any) (cloudevents.Event, error) {
	e := cloudevents.NewEvent()
	e.SetType(eventType)
	e.SetSource(source)
	e.SetID(id)
	e.SetTime(at.UTC())
	body, err := json.Marshal(data)
	if err != nil {
		return e, fmt.Errorf("event %q payload: %w", id, err)
	}
	if err := e.SetData(cloudevents.ApplicationJSON, json.RawMessage(body)); err != nil {
		return e, fmt.Errorf("event %q payload: %w", id, err)
	}
	if err := e.Validate(); err != nil {
		return e, fmt.Errorf("event %q: %w", id, err)
	}
	return e, nil
}
