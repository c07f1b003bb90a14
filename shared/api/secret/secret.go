// Package secret is the public contract of the keys that users sign their own tokens with.
package secret

import (
	"time"

	"onex.io/onex/shared/api/page"
	"onex.io/onex/shared/api/unix"
)

// CreateRequest makes a secret.
type CreateRequest struct{ Body Create }

// Create is what a user says about a new secret.
type Create struct {
	Name        string    `json:"name" minLength:"1" maxLength:"253" doc:"the user's own name for it, once"`
	Expires     unix.Time `json:"expires,omitempty" doc:"when it ends, in unix seconds; 0 is never"`
	Description string    `json:"description,omitempty" maxLength:"256"`
}

// Created is a new secret. It alone holds the key, which the platform tells this once.
type Created struct {
	Secret
	SecretKey string `json:"secretKey" doc:"signs the tokens, as the bytes of its text; shown this once"`
}

// Secret is what the platform tells about a secret.
type Secret struct {
	UserID      string    `json:"userID"`
	Name        string    `json:"name"`
	SecretID    string    `json:"secretID" doc:"the kid in the header of the tokens that it signs"`
	Expires     unix.Time `json:"expires" doc:"when it ends, in unix seconds; 0 is never"`
	Status      int       `json:"status" enum:"0,1" doc:"1: signs; 0: disabled"`
	Description string    `json:"description"`
	CreatedAt   time.Time `json:"createdAt"`
	UpdatedAt   time.Time `json:"updatedAt"`
}

// ListRequest asks for the caller's own secrets, also of an administrator.
type ListRequest struct{ page.Page }

// List is a part of the caller's secrets, oldest first, and how many there are.
type List struct {
	TotalCount int64    `json:"totalCount,string"`
	Secrets    []Secret `json:"Secrets"`
}

// GetRequest asks for one of the caller's secrets.
type GetRequest struct {
	Name string `path:"name" minLength:"1" maxLength:"253"`
}

// UpdateRequest changes what it names of one of the caller's secrets, and nothing else.
type UpdateRequest struct {
	Name string `path:"name" minLength:"1" maxLength:"253"`
	Body Update
}

// Update is what is to be another.
type Update struct {
	Expires     *unix.Time `json:"expires,omitempty" doc:"when it ends, in unix seconds; 0 is never, a time that has passed is at once"`
	Status      *int       `json:"status,omitempty" enum:"0,1" doc:"1: signs; 0: disabled"`
	Description *string    `json:"description,omitempty" maxLength:"256"`
}

// Updated is the reply to UpdateRequest.
type Updated struct{}

// DeleteRequest deletes one of the caller's secrets. One that is not there is deleted already.
type DeleteRequest struct {
	Name string `path:"name" minLength:"1" maxLength:"253"`
}

// Deleted is the reply to DeleteRequest.
type Deleted struct{}
