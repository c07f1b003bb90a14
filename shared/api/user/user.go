// Package user is the public contract of the operations on users.
package user

import (
	"time"

	"onex.io/onex/shared/api/page"
)

// CreateRequest signs somebody up.
type CreateRequest struct{ Body Create }

// Create is what a new user says about oneself.
type Create struct {
	Username string `json:"username" minLength:"1" maxLength:"253" pattern:"^[A-Za-z0-9][A-Za-z0-9._-]*$" doc:"the name to log in with; it cannot be a phone number"`
	Password string `json:"password" minLength:"6" maxLength:"128"`
	Nickname string `json:"nickname,omitempty" maxLength:"253"`
	Email    string `json:"email,omitempty" maxLength:"254" pattern:"^([A-Za-z0-9!#$%&'*+/=?^_{|}~.-]{1,64}@([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\\.)+[A-Za-z]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?)?$" patternDescription:"an e-mail address" doc:"may be used to log in"`
	Phone    string `json:"phone,omitempty" maxLength:"24" pattern:"^(\\+?([ ().-]{0,2}[0-9]){7,15})?$" patternDescription:"a phone number of 7 to 15 digits" doc:"may be used to log in"`
}

// GetRequest asks for a user: oneself, or for an administrator anybody.
type GetRequest struct {
	Username string `path:"username" maxLength:"253"`
}

// DeleteRequest removes a user with all that is the user's.
type DeleteRequest struct {
	Username string `path:"username" maxLength:"253"`
}

// EnableRequest lets a user in again.
type EnableRequest struct {
	Username string `path:"username" maxLength:"253"`
}

// DisableRequest keeps a user out, and ends every session.
type DisableRequest struct {
	Username string `path:"username" maxLength:"253"`
}

// UpdateRequest changes what a user says about oneself.
type UpdateRequest struct {
	Username string `path:"username" maxLength:"253"`
	Body     Update
}

// Update is what is to change; what it leaves out stays.
type Update struct {
	Nickname *string `json:"nickname,omitempty" maxLength:"253"`
	Email    *string `json:"email,omitempty" maxLength:"254" pattern:"^([A-Za-z0-9!#$%&'*+/=?^_{|}~.-]{1,64}@([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\\.)+[A-Za-z]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?)?$" patternDescription:"an e-mail address"`
	Phone    *string `json:"phone,omitempty" maxLength:"24" pattern:"^(\\+?([ ().-]{0,2}[0-9]){7,15})?$" patternDescription:"a phone number of 7 to 15 digits"`
}

// ChangePasswordRequest changes the caller's password and ends the caller's other sessions.
type ChangePasswordRequest struct {
	Username string `path:"username" maxLength:"253"`
	Body     ChangePassword
}

// ChangePassword is the password so far, and the one from now on.
type ChangePassword struct {
	OldPassword string `json:"oldPassword" minLength:"1" maxLength:"128"`
	NewPassword string `json:"newPassword" minLength:"6" maxLength:"128"`
}

// Done is the reply where there is nothing to say.
type Done struct{}

// User is what the platform tells about a user. It never holds a password, nor its hash.
type User struct {
	UserID    string    `json:"userID" doc:"also the name of the user's namespace and wallet"`
	Username  string    `json:"username"`
	Nickname  string    `json:"nickname"`
	Email     string    `json:"email"`
	Phone     string    `json:"phone"`
	Status    string    `json:"status" enum:"registered,active,locked,disabled,deleting" doc:"registered: has never logged in; locked: too many log-ins have failed, for a while none succeeds"`
	Secrets   int64     `json:"secrets,string" doc:"how many key pairs the user has; in lists alone"`
	CreatedAt time.Time `json:"createdAt"`
	UpdatedAt time.Time `json:"updatedAt"`
}

// ListRequest asks for the users, newest first.
type ListRequest struct{ page.Page }

// List is a part of the users.
type List struct {
	TotalCount int64  `json:"totalCount,string"`
	Users      []User `json:"Users"`
}

// LoginsRequest asks for the log-ins of a user, newest first.
type LoginsRequest struct {
	Username string `path:"username" maxLength:"253"`
	page.Page
}

// Logins are a part of a user's log-ins, good and bad.
type Logins struct {
	TotalCount int64   `json:"totalCount,string"`
	Items      []Login `json:"Logins"`
}

// Login is one log-in that was tried.
type Login struct {
	At      time.Time `json:"at"`
	Kind    string    `json:"kind" enum:"web,phone,api"`
	Client  string    `json:"client" doc:"what the client says it is"`
	Address string    `json:"address" doc:"where it called from"`
	Result  string    `json:"result" enum:"ok,wrong-password,too-many-tries,not-allowed"`
}
