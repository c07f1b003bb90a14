// Package policy is who may do what beside the levels of the operations: rows that administrators keep, with roles.
package policy

import (
	"slices"
	"time"

	"onex.io/onex/shared/access"
	"onex.io/onex/shared/fault"
)

// Row is one policy: whether a subject, which is a user or a role, may do something to an object.
type Row struct {
	Name string        `bson:"name"` // what the row is called in the record of what it decided
	Sub  string        `bson:"sub"`
	Obj  string        `bson:"obj"` // a path, the beginning of one and a star, or a star alone for everything
	Act  string        `bson:"act"` // an operation, by its name or by the original's, or a star for every one
	Eft  access.Effect `bson:"eft"`
	By   string        `bson:"by"` // the administrator who wrote it last
	At   time.Time     `bson:"at"`
}

// Binding gives a user, or everybody who has a role, a role.
type Binding struct {
	Sub  string    `bson:"sub"`
	Role string    `bson:"role"`
	By   string    `bson:"by"`
	At   time.Time `bson:"at"`
}

// Every matches every object or every act, as a whole row or as the end of an object.
const Every = "*"

// How many rows and bindings there may be: what every function keeps in its memory, and what one document holds.
const (
	MostRows     = 2000
	MostBindings = 10000
)

// Rules are all rows and bindings. They are one document, so that a number says which they are.
type Rules struct {
	ID       string    `bson:"_id"`
	Version  int64     `bson:"version"` // grows with every change
	Rows     []Row     `bson:"rows"`
	Bindings []Binding `bson:"bindings"`
}

// put keeps a row in the place of the one of its name; false when it says what is there already.
func (r *Rules) put(row Row) (changed bool, err error) {
	i := slices.IndexFunc(r.Rows, func(other Row) bool { return other.Name == row.Name })
	switch {
	case i >= 0 && same(r.Rows[i], row):
		return false, nil
	case i >= 0:
		r.Rows[i] = row
	case len(r.Rows) >= MostRows:
		return false, fault.New(fault.Invalid, "PolicyReachMaxCount", "there are %d policies, which is the most", MostRows)
	default:
		r.Rows = append(r.Rows, row)
	}
	return true, nil
}

func same(a, b Row) bool {
	return a.Sub == b.Sub && a.Obj == b.Obj && a.Act == b.Act && a.Eft == b.Eft
}

func (r *Rules) remove(name string) (changed bool) {
	before := len(r.Rows)
	r.Rows = slices.DeleteFunc(r.Rows, func(row Row) bool { return row.Name == name })
	return len(r.Rows) < before
}

// bind adds a binding; false when it is there already.
func (r *Rules) bind(b Binding) (changed bool, err error) {
	switch {
	case slices.ContainsFunc(r.Bindings, b.same):
		return false, nil
	case len(r.Bindings) >= MostBindings:
		return false, fault.New(fault.Invalid, "RoleBindingReachMaxCount", "there are %d role bindings, which is the most", MostBindings)
	}
	r.Bindings = append(r.Bindings, b)
	return true, nil
}

func (b Binding) same(other Binding) bool { return b.Sub == other.Sub && b.Role == other.Role }

func (r *Rules) unbind(b Binding) (changed bool) {
	before := len(r.Bindings)
	r.Bindings = slices.DeleteFunc(r.Bindings, b.same)
	return len(r.Bindings) < before
}
