// Package quota is the public contract of how many miners a user may have.
package quota

// GetRequest asks for the caller's quota.
type GetRequest struct{}

// SetRequest allows a user another number of miners; for administrators.
type SetRequest struct {
	UserID string `path:"userID" minLength:"1" maxLength:"63"`
	Body   Allowance
}

// Allowance is the body of SetRequest.
type Allowance struct {
	Miners int64 `json:"miners" minimum:"0" maximum:"1000000" doc:"how many paid slots the user may hold"`
}

// Quota is how many paid slots a user may hold, and how many there are. A slot counts from its first purchase until its
// pool is deleted, whether or not a miner runs in it.
type Quota struct {
	UserID string `json:"userID"`
	Limit  int64  `json:"limit"`
	Used   int64  `json:"used"`
	// Left is never below 0, even where a limit was lowered.
	Left int64 `json:"left"`
}
