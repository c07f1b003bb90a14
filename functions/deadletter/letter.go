package deadletter

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	cloudevents "github.com/cloudevents/sdk-go/v2"
	"github.com/cloudevents/sdk-go/v2/types"
)

// The extensions that Knative gives a dead letter.
const (
	errorDest = "knativeerrordest" // the subscriber that refused it
	errorCode = "knativeerrorcode" // the status of the last refusal
	errorData = "knativeerrordata" // its body as base64, the first 1,024 bytes of that
)

// letter is an event that was not delivered, and what is known of why.
type letter struct {
	// ID is source, id and destination: an event may fail at several subscribers, and again at the same one.
	ID          string `bson:"_id"`
	Source      string `bson:"source"`
	EventID     string `bson:"eventID"`
	Type        string `bson:"type"`
	Destination string `bson:"destination"`
	// Status is that of the last refusal, and Cause what it said; 0 and empty when unknown.
	Status int32  `bson:"status"`
	Cause  string `bson:"cause"`
	// Event is the event as it was sent, as CloudEvents JSON, without what its failure added to it.
	Event []byte    `bson:"event"`
	At    time.Time `bson:"at"` // when it first came here
}

func letterOf(e cloudevents.Event, at time.Time) (letter, error) {
	destination, _ := types.Format(e.Extensions()[errorDest])
	status, _ := types.ToInteger(e.Extensions()[errorCode])
	data, _ := types.Format(e.Extensions()[errorData])
	l := letter{
		ID:     strings.Join([]string{e.Source(), e.ID(), destination}, "\x00"),
		Source: e.Source(), EventID: e.ID(), Type: e.Type(), Destination: destination,
		Status: status, Cause: readable(data), At: at.UTC(),
	}
	sent := e.Clone()
	for _, name := range []string{errorDest, errorCode, errorData} {
		sent.SetExtension(name, nil)
	}
	var err error
	if l.Event, err = json.Marshal(sent); err != nil {
		return letter{}, fmt.Errorf("event %q: %w", e.ID(), err)
	}
	return l, nil
}

// readable undoes the base64, which may have been cut off. What is no text stays as it came.
func readable(data string) string {
	text, err := base64.StdEncoding.DecodeString(data[:len(data)-len(data)%4])
	if err != nil {
		return data
	}
	whole := text
	for len(whole) > 0 && len(text)-len(whole) < utf8.UTFMax && !utf8.Valid(whole) {
		whole = whole[:len(whole)-1] // the end of the text may be half a letter
	}
	if !utf8.Valid(whole) {
		return data
	}
	return string(whole)
}
