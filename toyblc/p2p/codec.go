// Package p2p carries the messages of package chain between nodes: a JSON wire
// format and WebSocket connections that are dialed again for ever.
package p2p

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"

	"onex.io/onex/toyblc/chain"
)

const (
	// MaxMessage bounds the answer to a Want. It holds the greatest that a node
	// gives: store.RangeBytes of data, each byte of which JSON may write as six.
	MaxMessage = 6 << 20
	// MaxUnasked bounds every other frame. It holds the greatest Data. Only one
	// peer is asked at a time, so many peers together cost little memory.
	MaxUnasked = 512 << 10
)

var (
	// ErrOriginal says that a frame is of the first toyblc's protocol, which
	// this node does not speak.
	ErrOriginal = errors.New("the original toyblc protocol is not spoken here")
	// ErrMessage says that a frame is no message.
	ErrMessage = errors.New("not a message")
)

// frame is the wire format: {"kind":"head","body":{...}}. The original's frames
// have a type instead, a number from 0 to 2.
type frame struct {
	Kind string          `json:"kind"`
	Body json.RawMessage `json:"body"`
	Type *int            `json:"type,omitempty"`
}

// Encode writes a message as a frame. The body is written once: it may be large.
func Encode(m chain.Message) ([]byte, error) {
	out := bytes.NewBufferString(`{"kind":"` + kindOf(m) + `","body":`)
	if err := json.NewEncoder(out).Encode(m); err != nil {
		return nil, fmt.Errorf("encode %T: %w", m, err)
	}
	return append(bytes.TrimRight(out.Bytes(), "\n"), '}'), nil
}

// Decode reads a frame that a stranger may have written. The error is an
// ErrOriginal or an ErrMessage.
func Decode(raw []byte) (chain.Message, error) {
	var f frame
	if err := json.Unmarshal(raw, &f); err != nil {
		return nil, fmt.Errorf("decode frame: %w: %w", ErrMessage, err)
	}
	if f.Type != nil && f.Kind == "" {
		return nil, ErrOriginal
	}
	switch f.Kind {
	case "hello":
		return decode[chain.Hello](f)
	case "head":
		return decode[chain.Head](f)
	case "want":
		return decode[chain.Want](f)
	case "blocks":
		return decode[chain.Blocks](f)
	case "data":
		return decode[chain.Data](f)
	}
	return nil, fmt.Errorf("decode frame: kind %.40q: %w", f.Kind, ErrMessage)
}

func kindOf(m chain.Message) string {
	switch m.(type) {
	case chain.Hello:
		return "hello"
	case chain.Head:
		return "head"
	case chain.Want:
		return "want"
	case chain.Blocks:
		return "blocks"
	case chain.Data:
		return "data"
	}
	return ""
}

// decode reads into a fresh value each time: nothing of the message before can
// shine through. A body that is missing or null is no message.
func decode[M chain.Message](f frame) (chain.Message, error) {
	var m M
	if len(f.Body) == 0 || bytes.Equal(f.Body, []byte("null")) {
		return nil, fmt.Errorf("decode %s: no body: %w", f.Kind, ErrMessage)
	}
	if err := json.Unmarshal(f.Body, &m); err != nil {
		return nil, fmt.Errorf("decode %s: %w: %w", f.Kind, ErrMessage, err)
	}
	return m, nil
}
