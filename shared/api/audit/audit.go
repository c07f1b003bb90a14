// Package audit is the public contract of the record: what operations decided.
package audit

import "time"

// ListRequest asks for decisions. What is not said selects nothing out.
type ListRequest struct {
	Subject   string `query:"subject" maxLength:"253" doc:"only decisions about this userID"`
	Operation string `query:"operation" maxLength:"63" doc:"only decisions of this operation"`
	Object    string `query:"object" maxLength:"1024" doc:"only decisions about this path"`
	Remote    string `query:"remote" maxLength:"64" doc:"only requests from this address"`
	RequestID string `query:"requestID" maxLength:"64" doc:"only the request of this id"`
	Allowed   string `query:"allowed" enum:"true,false" doc:"only what was allowed, or only what was refused"`
	Since     int64  `query:"since" minimum:"0" doc:"only decisions at or after this time, in unix seconds"`
	Until     int64  `query:"until" minimum:"0" doc:"only decisions before this time, in unix seconds"`
	Limit     int    `query:"limit" minimum:"1" maximum:"500" default:"100" doc:"how many to list at most"`
	After     string `query:"after" maxLength:"256" doc:"go on after the page that ended with this"`
}

// Records is one page, the latest first.
type Records struct {
	Records []Record `json:"records"`
	// After asks for the next page; it is empty when there is none.
	After string `json:"after,omitempty"`
}

// Record is one decision. It stands here some seconds after it was made.
type Record struct {
	ID        string    `json:"id"`
	At        time.Time `json:"at"`
	Subject   string    `json:"subject"`   // userID, or empty for nobody
	TokenKind string    `json:"tokenKind"` // what kind of token was shown, or empty for none that holds
	Operation string    `json:"operation"`
	Object    string    `json:"object"` // the path
	Allowed   bool      `json:"allowed"`
	Rule      string    `json:"rule"`   // what decided
	Remote    string    `json:"remote"` // the address that the request came from
	RequestID string    `json:"requestID"`
	TraceID   string    `json:"traceID"`
	LatencyUS int64     `json:"latencyUS,string"` // how long it took to decide, in microseconds
}
