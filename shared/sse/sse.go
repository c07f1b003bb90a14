// Package sse writes and reads server-sent events, as the HTML standard has them: what a browser's EventSource takes.
package sse

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"
)

// ContentType is that of a stream.
const ContentType = "text/event-stream"

// LastEventID is the header in which a caller who comes back says what came last.
const LastEventID = "Last-Event-ID"

// Event is one event with data of a type.
type Event[Data any] struct {
	// ID is what a caller who comes back names; empty for an event after which nobody can go on.
	ID string
	// Name says what kind of event it is. One without a name says nothing: it shows that the stream is open.
	Name string
	Data Data
}

// Encode is the event as it is sent. The data is JSON, which has no line breaks.
func (e Event[Data]) Encode() ([]byte, error) {
	if e.Name == "" {
		return Beat(), nil
	}
	data, err := json.Marshal(e.Data)
	if err != nil {
		return nil, fmt.Errorf("event %q: %w", e.Name, err)
	}
	var b bytes.Buffer
	if e.ID != "" {
		fmt.Fprintf(&b, "id: %s\n", e.ID)
	}
	fmt.Fprintf(&b, "event: %s\ndata: %s\n\n", e.Name, data)
	return b.Bytes(), nil
}

// Beat is a comment, which readers pass over.
func Beat() []byte { return []byte(":\n\n") }

// maxLine bounds a line, in bytes: a block with its data, escaped.
const maxLine = 1 << 20

// Read gives each event of a stream to take until the stream ends, or take has enough and returns an error.
func Read[Data any](from io.Reader, take func(Event[Data]) error) error {
	lines := bufio.NewScanner(from)
	lines.Buffer(nil, maxLine)
	var e Event[Data]
	var data []string
	for lines.Scan() {
		field, value, _ := strings.Cut(lines.Text(), ":")
		value = strings.TrimPrefix(value, " ")
		switch field {
		case "id":
			e.ID = value
		case "event":
			e.Name = value
		case "data":
			data = append(data, value)
		case "":
			if value != "" || len(data) == 0 || lines.Text() != "" {
				continue // a comment, or the end of nothing
			}
			if err := json.Unmarshal([]byte(strings.Join(data, "\n")), &e.Data); err != nil {
				return fmt.Errorf("event %q: %w", e.Name, err)
			}
			if err := take(e); err != nil {
				return err
			}
			e, data = Event[Data]{}, nil
		}
	}
	return lines.Err()
}
