package op

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"maps"
	"net/http"

	"onex.io/onex/shared/fault"
	"onex.io/onex/shared/limit"
	"onex.io/onex/shared/once"
	"onex.io/onex/shared/telemetry"
)

// problem is the body of every refusal.
type problem struct {
	Code     int               `json:"code"`
	Reason   string            `json:"reason"`
	Message  string            `json:"message"`
	Metadata map[string]string `json:"metadata"`
}

// Error, GetStatus and GetHeaders make a problem an error that huma writes as it is.
func (p *problem) Error() string  { return p.Message }
func (p *problem) GetStatus() int { return p.Code }

// GetHeaders asks a caller who may try again to wait, a second where nobody knows better.
func (p *problem) GetHeaders() http.Header {
	if p.Code == http.StatusServiceUnavailable || p.Code == http.StatusTooManyRequests || p.Reason == once.InFlight {
		return http.Header{"Retry-After": {cmp.Or(p.Metadata[fault.RetryAfter], "1")}}
	}
	return nil
}

func newProblem(err error) *problem {
	e := fault.Of(err)
	p := &problem{Code: statusOf(e), Reason: e.Reason, Message: e.Message, Metadata: e.Metadata}
	if p.Metadata == nil {
		p.Metadata = map[string]string{}
	}
	return p
}

// WriteError answers the request of ctx with err in the platform's one form: status, reason and message, and nothing
// internal. That a body was cut off at our limit is its sender's fault.
func WriteError(ctx context.Context, w http.ResponseWriter, err error) {
	p := newProblem(err)
	var cut *http.MaxBytesError
	if errors.As(err, &cut) {
		p = newProblem(fault.New(fault.Invalid, bodyTooLarge, "at most %d bytes are read", cut.Limit))
	}
	writeProblem(ctx, w, p)
}

// length is how many bytes the problem takes as a body.
func (p *problem) length() int {
	text, _ := json.Marshal(p)
	return len(text) + len("\n")
}

// bodyTooLarge is the reason of a request that is longer than anybody reads.
const bodyTooLarge = "BodyTooLarge"

// statusOf is the status of the kind, but for a few reasons for which HTTP has a status of their own.
func statusOf(e *fault.Error) int {
	switch e.Reason {
	case bodyTooLarge:
		return http.StatusRequestEntityTooLarge
	case once.Reused:
		return http.StatusUnprocessableEntity
	case limit.Reason:
		return http.StatusTooManyRequests
	}
	return fault.HTTPStatus(e.Kind)
}

func writeProblem(ctx context.Context, w http.ResponseWriter, p *problem) {
	telemetry.Refused(ctx, p.Reason)
	w.Header().Set("Content-Type", "application/json")
	maps.Copy(w.Header(), p.GetHeaders())
	w.WriteHeader(p.Code)
	_ = json.NewEncoder(w).Encode(p) // the caller may be gone
}
