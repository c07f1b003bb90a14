// Package fault is the platform's one error vocabulary: a few kinds, a stable reason, and a cause for the log.
//
// A kind survives wrapping. It is translated twice, at the edges only: for a person who calls the API
// (HTTPStatus) and for a broker that delivers an event (DeliveryStatus), because Knative delivers 404, 408, 409,
// 429 and 5xx again and sends every other refusal straight to the dead letter.
package fault

import (
	"errors"
	"fmt"
	"net/http"
)

// Kind says what a caller can do about an error.
type Kind string

// The kinds. An error that carries none is Broken.
const (
	Invalid         Kind = "invalid"         // the request is wrong; the same request will fail again
	Unauthenticated Kind = "unauthenticated" // nobody, or not who they say
	Denied          Kind = "denied"          // somebody, but not allowed
	Missing         Kind = "missing"         // what it names is not there
	Conflict        Kind = "conflict"        // it is there already, or has changed meanwhile
	Exhausted       Kind = "exhausted"       // money or quota is used up
	Busy            Kind = "busy"            // a part is away or overloaded; the same request may succeed later
	Broken          Kind = "broken"          // a fault of the platform
)

// Error is an error with a kind, a stable reason for programs and a message for the caller.
// The cause is for the log; Error prints it, Message does not.
type Error struct {
	Kind    Kind
	Reason  string
	Message string
	// Metadata names details a program can use, such as the field that is wrong.
	Metadata map[string]string
	cause    error
}

// RetryAfter names, in the metadata of a Busy error, after how many whole seconds to try again.
const RetryAfter = "retryAfter"

// New makes an Error; the format's %w operand, if any, becomes its cause and stays out of Message.
func New(kind Kind, reason, format string, args ...any) *Error {
	wrapped := fmt.Errorf(format, args...)
	e := &Error{Kind: kind, Reason: reason, Message: wrapped.Error(), cause: errors.Unwrap(wrapped)}
	if e.cause != nil {
		e.Message = withoutCause(e.Message, e.cause.Error())
	}
	return e
}

// Field makes an Invalid error that names the field at fault.
func Field(name, format string, args ...any) *Error {
	e := New(Invalid, "InvalidParameter", name+": "+format, args...)
	e.Metadata = map[string]string{"field": name}
	return e
}

// unspoken is the message of an error that has none for the caller.
const unspoken = "something on our side is broken; the log has the cause"

// withoutCause cuts ": cause" off a message, so that nothing internal reaches a caller.
func withoutCause(message, cause string) string {
	if message == cause {
		return unspoken
	}
	for _, tail := range []string{": " + cause, cause} {
		if n := len(message) - len(tail); n > 0 && message[n:] == tail {
			return message[:n]
		}
	}
	return message
}

// Error is the text for the log: message and cause.
func (e *Error) Error() string {
	if e.cause == nil {
		return e.Message
	}
	return e.Message + ": " + e.cause.Error()
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.cause }

// Of finds the Error in err's chain; an error without one is Broken and says nothing to the caller.
func Of(err error) *Error {
	var e *Error
	if errors.As(err, &e) {
		return e
	}
	return &Error{Kind: Broken, Reason: "Unknown", Message: unspoken, cause: err}
}

// KindOf is the kind of err; Broken for one that carries none.
func KindOf(err error) Kind { return Of(err).Kind }

// ReasonOf is the stable reason of err; "Unknown" for an error that carries none.
func ReasonOf(err error) string { return Of(err).Reason }

// HTTPStatus is the status a person calling the API sees.
func HTTPStatus(k Kind) int {
	switch k {
	case Invalid:
		return http.StatusBadRequest
	case Unauthenticated:
		return http.StatusUnauthorized
	case Denied:
		return http.StatusForbidden
	case Missing:
		return http.StatusNotFound
	case Conflict:
		return http.StatusConflict
	case Exhausted:
		return http.StatusPaymentRequired
	case Busy:
		return http.StatusServiceUnavailable
	default:
		return http.StatusInternalServerError
	}
}

// KindOfStatus is the inverse of HTTPStatus, for clients; an unknown status is Broken. A few reasons have statuses of
// their own.
func KindOfStatus(status int) Kind {
	switch status {
	case http.StatusTooManyRequests:
		return Busy
	case http.StatusRequestEntityTooLarge, http.StatusUnprocessableEntity:
		return Invalid
	}
	for _, k := range []Kind{Invalid, Unauthenticated, Denied, Missing, Conflict, Exhausted, Busy} {
		if HTTPStatus(k) == status {
			return k
		}
	}
	return Broken
}

// DeliveryStatus is the status a broker sees: 422 is never delivered again, 429 and 500 are.
func DeliveryStatus(k Kind) int {
	switch k {
	case Conflict, Busy:
		return http.StatusTooManyRequests
	case Broken:
		return http.StatusInternalServerError
	default:
		return http.StatusUnprocessableEntity
	}
}
