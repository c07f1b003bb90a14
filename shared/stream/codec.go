// Package stream carries CloudEvents over Kafka: a codec, a producer that answers when Kafka has acknowledged, and a
// consumer that commits after the effect.
package stream

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	cloudevents "github.com/cloudevents/sdk-go/v2"
	"github.com/cloudevents/sdk-go/v2/types"
	"github.com/twmb/franz-go/pkg/kgo"
)

const (
	attributePrefix = "ce_"
	contentType     = "content-type"
	partitionKey    = "partitionkey"
)

// Encode writes an event in the binary mode of the CloudEvents Kafka binding; the partitionkey extension is the key.
func Encode(topic string, e cloudevents.Event) (*kgo.Record, error) {
	if err := e.Validate(); err != nil {
		return nil, fmt.Errorf("encode event %q: %w", e.ID(), err)
	}
	r := &kgo.Record{Topic: topic, Value: e.Data()}
	put := func(name, value string) {
		if value != "" {
			r.Headers = append(r.Headers, kgo.RecordHeader{Key: name, Value: []byte(value)})
		}
	}
	put(attributePrefix+"specversion", e.SpecVersion())
	put(attributePrefix+"type", e.Type())
	put(attributePrefix+"source", e.Source())
	put(attributePrefix+"id", e.ID())
	put(attributePrefix+"subject", e.Subject())
	put(attributePrefix+"dataschema", e.DataSchema())
	put(contentType, e.DataContentType())
	if !e.Time().IsZero() {
		put(attributePrefix+"time", e.Time().UTC().Format(time.RFC3339Nano))
	}
	for name, value := range e.Extensions() {
		text, err := types.Format(value)
		if err != nil {
			return nil, fmt.Errorf("encode event %q: extension %q: %w", e.ID(), name, err)
		}
		put(attributePrefix+name, text)
		if name == partitionKey {
			r.Key = []byte(text)
		}
	}
	return r, nil
}

// Decode reads a record in binary or structured mode. A record that is no valid event is an error and never a panic.
func Decode(r *kgo.Record) (cloudevents.Event, error) {
	headers := make(map[string]string, len(r.Headers))
	for _, h := range r.Headers {
		headers[strings.ToLower(h.Key)] = string(h.Value)
	}
	if strings.HasPrefix(strings.ToLower(headers[contentType]), cloudevents.ApplicationCloudEventsJSON) {
		return decodeStructured(r.Value)
	}
	return decodeBinary(headers, r.Value)
}

func decodeStructured(value []byte) (cloudevents.Event, error) {
	e := cloudevents.NewEvent()
	if err := e.UnmarshalJSON(value); err != nil {
		return e, fmt.Errorf("decode event: %w", err)
	}
	return e, validated(e)
}

func decodeBinary(headers map[string]string, value []byte) (cloudevents.Event, error) {
	version := headers[attributePrefix+"specversion"]
	if version != cloudevents.VersionV1 && version != cloudevents.VersionV03 {
		return cloudevents.Event{}, fmt.Errorf("decode event: spec version %q is unknown", version)
	}
	e := cloudevents.NewEvent(version)
	for name, v := range headers {
		attribute, ok := strings.CutPrefix(name, attributePrefix)
		if !ok {
			continue
		}
		if err := set(&e, attribute, v); err != nil {
			return e, fmt.Errorf("decode event: attribute %q: %w", attribute, err)
		}
	}
	if media := headers[contentType]; media != "" {
		e.SetDataContentType(media)
	}
	e.DataEncoded, e.DataBase64 = value, !utf8.Valid(value) // JSON, should it ever become that, holds text alone
	return e, validated(e)
}

func set(e *cloudevents.Event, attribute, v string) error {
	switch attribute {
	case "specversion":
	case "type":
		e.SetType(v)
	case "source":
		e.SetSource(v)
	case "id":
		e.SetID(v)
	case "subject":
		e.SetSubject(v)
	case "dataschema":
		e.SetDataSchema(v)
	case "time":
		at, err := types.ParseTime(v)
		if err != nil {
			return err
		}
		e.SetTime(at)
	default:
		e.SetExtension(attribute, v)
	}
	return nil
}

func validated(e cloudevents.Event) error {
	if err := e.Validate(); err != nil {
		return fmt.Errorf("decode event: %w", err)
	}
	return nil
}
