package access

import "context"

// Roles that the platform itself gives. Rows may speak of them; nobody can be bound to the first two.
const (
	Users  = "users"  // everybody who has signed up
	Admins = "admins" // every administrator
	Root   = "root"   // who may do everything, whatever any row forbids
)

// Question is whether somebody may do something, as the rows are asked.
type Question struct {
	Subject string
	Roles   []string // that the platform gives the subject
	// Operation is what is to be done, and Original the name that the original has for it, if it has one.
	Operation, Original string
	Object              string
}

// Effect is what the rows say to a question.
type Effect string

// The effects. A row that denies overrides those that allow.
const (
	Silent Effect = "" // no row is about it
	Allow  Effect = "allow"
	Deny   Effect = "deny"
)

// Verdict is an effect and the row that had it.
type Verdict struct {
	Effect Effect
	Rule   string
}

// Policies are the rows that administrators keep.
type Policies interface {
	// Ask begins to look whether the rows have changed, in the request's round trip to Redis. What it gives judges by
	// the rows of at most a second ago; its error is a store that is away.
	Ask(ctx context.Context) func(context.Context, Question) (Verdict, error)
}

// RolesOf are the roles that the platform gives a user; root is who every row is powerless against.
func RolesOf(p Principal, root string) []string {
	switch {
	case p.Admin && p.UserID == root:
		return []string{Users, Admins, Root}
	case p.Admin:
		return []string{Users, Admins}
	}
	return []string{Users}
}

// Judge puts what the level of a call says of a user and what the rows say together, and names the rule that decided. A row that
// denies stops what the level lets in. A row that allows lets a user do what the level keeps for administrators, and
// nothing else: it makes nobody an administrator, nor a part of the platform.
func Judge(c Call, p Principal, v Verdict) (rule string, ok bool) {
	if v.Effect == Deny {
		return v.Rule, false
	}
	p = taken(c, p)
	if rule, ok := allows(c.Level, p); ok {
		return rule, true
	}
	p.Admin = true
	if _, ok := allows(c.Level, p); ok && v.Effect == Allow {
		return v.Rule, true
	}
	return "default-deny", false
}
