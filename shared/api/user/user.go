// Package user is the public contract of the operations on users.
package user

import "time"

// CreateRequest signs somebody up.
type CreateRequest struct{ Body Create }

// Create is what a new user says about oneself.
type Create struct {
	Username string `json:"username" minLength:"1" maxLength:"253" pattern:"^[A-Za-z0-9][A-Za-z0-9._@-]*$" doc:"the name to log in with"`
	Password string `json:"password" minLength:"6" maxLength:"128"`
	Nickname string `json:"nickname,omitempty" maxLength:"253"`
	Email    string `json:"email,omitempty" maxLength:"253" format:"email"`
	Phone    string `json:"phone,omitempty" maxLength:"16"`
}

// User is what the platform tells about a user. It never holds a password, nor its hash.
type User struct {
	UserID    string    `json:"userID" doc:"also the name of the user's namespace and wallet"`
	Username  string    `json:"username"`
	Nickname  string    `json:"nickname"`
	Email     string    `json:"email"`
	Phone     string    `json:"phone"`
	CreatedAt time.Time `json:"createdAt"`
	UpdatedAt time.Time `json:"updatedAt"`
}
