// Package policy is the public contract of who may do what: policies and role bindings, as administrators keep them,
// and questions about them.
package policy

import "time"

// PutRequest keeps a policy under a name, in the place of the one that has it.
type PutRequest struct {
	Name string `path:"name" maxLength:"63" pattern:"^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$" doc:"what the policy is called where it decides"`
	Body Rule
}

// Rule is what a policy says.
type Rule struct {
	Sub string `json:"sub" minLength:"1" maxLength:"253" doc:"a userID, or a role: one that is bound, or users, admins or root"`
	Obj string `json:"obj" minLength:"1" maxLength:"1024" doc:"the path of a request; the beginning of one and a star; or a star for everything"`
	Act string `json:"act" minLength:"1" maxLength:"253" doc:"an operation, by its name or the original's, such as /gateway.v1.Gateway/CreateMinerSet; or a star for every one"`
	Eft string `json:"eft,omitempty" enum:"allow,deny" default:"allow" doc:"one policy that denies overrides all that allow"`
}

// DeleteRequest forgets a policy. One that is not there is forgotten already.
type DeleteRequest struct {
	Name string `path:"name" minLength:"1" maxLength:"63"`
}

// Done is the reply to what is put or deleted.
type Done struct{}

// ListRequest asks for every policy.
type ListRequest struct{}

// List is every policy, by name.
type List struct {
	TotalCount int64    `json:"totalCount,string"`
	Policies   []Policy `json:"Policies"`
}

// Policy is one policy.
type Policy struct {
	Name      string    `json:"name"`
	Sub       string    `json:"sub"`
	Obj       string    `json:"obj"`
	Act       string    `json:"act"`
	Eft       string    `json:"eft"`
	UpdatedBy string    `json:"updatedBy" doc:"the userID of who wrote it last"`
	UpdatedAt time.Time `json:"updatedAt"`
}

// BindRequest gives a user, or everybody who has a role, a role.
type BindRequest struct {
	Role string `path:"role" maxLength:"253" pattern:"^[A-Za-z0-9_][A-Za-z0-9._:@-]*$"`
	Sub  string `path:"sub" maxLength:"253" pattern:"^[A-Za-z0-9_][A-Za-z0-9._:@-]*$" doc:"a userID or a role"`
}

// UnbindRequest takes a role away again. One that is not there is taken away already.
type UnbindRequest struct {
	Role string `path:"role" maxLength:"253" pattern:"^[A-Za-z0-9_][A-Za-z0-9._:@-]*$"`
	Sub  string `path:"sub" maxLength:"253" pattern:"^[A-Za-z0-9_][A-Za-z0-9._:@-]*$"`
}

// ListBindingsRequest asks for every role binding.
type ListBindingsRequest struct{}

// Bindings is every role binding, by role.
type Bindings struct {
	TotalCount   int64     `json:"totalCount,string"`
	RoleBindings []Binding `json:"RoleBindings"`
}

// Binding is one role binding.
type Binding struct {
	Role      string    `json:"role"`
	Sub       string    `json:"sub"`
	UpdatedBy string    `json:"updatedBy" doc:"the userID of who wrote it"`
	UpdatedAt time.Time `json:"updatedAt"`
}

// AuthorizeRequest asks whether somebody may do something.
type AuthorizeRequest struct{ Body Question }

// Question is who, what to, and what.
type Question struct {
	Sub string `json:"sub" minLength:"1" maxLength:"253" doc:"a userID or a role"`
	Obj string `json:"obj" minLength:"1" maxLength:"1024"`
	Act string `json:"act" minLength:"1" maxLength:"253" doc:"an operation, by its name or the original's, or anything that policies are kept about"`
}

// Decision is the answer to a question.
type Decision struct {
	Allowed bool   `json:"allowed"`
	Rule    string `json:"rule" doc:"what decided: policy/ and its name, the rule that the operation has for everybody, or default-deny"`
}

// AuthRequest asks whose a token is and whether that user may do something.
type AuthRequest struct{ Body TokenQuestion }

// TokenQuestion is by which token, what to, and what.
type TokenQuestion struct {
	Token string `json:"token" maxLength:"8192" doc:"an access token, or one that a user signed"`
	Obj   string `json:"obj" minLength:"1" maxLength:"1024"`
	Act   string `json:"act" minLength:"1" maxLength:"253"`
}

// Verdict is whose a token is, and the answer.
type Verdict struct {
	UserID string `json:"userID"`
	Decision
}
