package policy

import (
	"iter"
	"strings"

	"github.com/cedar-policy/cedar-go"
	"github.com/cedar-policy/cedar-go/ast"
	"github.com/cedar-policy/cedar-go/types"

	"onex.io/onex/shared/access"
)

// The kinds of things that the engine judges about.
const (
	subjects types.EntityType = "Subject" // users and roles alike, as in the rows
	actions  types.EntityType = "Action"
	objects  types.EntityType = "Object"
)

// superUser is the rule that lets who has the role root do everything.
const superUser = "super-user"

// about is what a row is found by: it can only match a question of this subject, or of who has its role, and this act.
type about struct{ sub, act string }

type rule struct {
	name   string
	object object
	policy *cedar.Policy
}

// object is the object of a row: what it begins with, or where it is not open, all of it.
type object struct {
	start string
	open  bool
}

func objectOf(obj string) object {
	start, open := strings.CutSuffix(obj, Every)
	return object{start, open}
}

func (o object) covers(obj string) bool {
	return o.open && strings.HasPrefix(obj, o.start) || obj == o.start
}

// Set is rules that have been compiled. It does not change, and is safe for concurrent use.
type Set struct {
	rules map[about][]rule
	roles map[string][]string // which a subject is bound to
}

// Compile makes a Set.
func Compile(r *Rules) *Set {
	s := &Set{rules: map[about][]rule{}, roles: map[string][]string{}}
	root := ast.Permit().PrincipalIn(subject(access.Root))
	s.add(about{access.Root, Every}, rule{superUser, objectOf(Every), cedar.NewPolicyFromAST(root)})
	for _, row := range r.Rows {
		s.add(about{row.Sub, row.Act}, rule{"policy/" + row.Name, objectOf(row.Obj), cedar.NewPolicyFromAST(compile(row))})
	}
	for _, b := range r.Bindings {
		s.roles[b.Sub] = append(s.roles[b.Sub], b.Role)
	}
	return s
}

func (s *Set) add(key about, r rule) { s.rules[key] = append(s.rules[key], r) }

// compile says a row in the engine's terms. What is no permission is a prohibition: a row that is damaged opens nothing.
func compile(row Row) *ast.Policy {
	p := ast.Forbid().Unless(ast.Principal().In(ast.Value(subject(access.Root))))
	if row.Eft == access.Allow {
		p = ast.Permit()
	}
	p = p.PrincipalIn(subject(row.Sub))
	if row.Act != Every {
		p = p.ActionIn(types.NewEntityUID(actions, types.String(row.Act)))
	}
	switch o := objectOf(row.Obj); {
	case o.open && o.start == "":
		return p
	case o.open:
		return p.When(ast.Context().Access("object").Like(types.NewPattern(o.start, types.Wildcard{})))
	}
	return p.ResourceEq(types.NewEntityUID(objects, types.String(row.Obj)))
}

func subject(name string) types.EntityUID { return types.NewEntityUID(subjects, types.String(name)) }

// Decide judges a question. The engine is shown the rows that may be about it, which are few, and asked nothing when
// there are none.
func (s *Set) Decide(q access.Question) access.Verdict {
	w := world{names: s.names(q), question: q}
	for _, name := range w.names {
		for _, act := range w.acts() {
			for _, r := range s.rules[about{name, act}] {
				if r.object.covers(q.Object) {
					w.rules = append(w.rules, r)
				}
			}
		}
	}
	if len(w.rules) == 0 {
		return access.Verdict{}
	}
	return w.judge()
}

// names are the subject and every role it has, by the platform or by bindings, the roles of its roles among them.
func (s *Set) names(q access.Question) []string {
	all := append([]string{q.Subject}, q.Roles...)
	if len(s.roles) == 0 {
		return all
	}
	has := make(map[string]bool, len(all))
	for _, name := range all {
		has[name] = true
	}
	for i := 0; i < len(all); i++ {
		for _, role := range s.roles[all[i]] {
			if !has[role] {
				has[role] = true
				all = append(all, role)
			}
		}
	}
	return all
}

// world is what the engine is shown of one question: who asks, what for, and the rows that may be about it.
type world struct {
	names    []string
	question access.Question
	rules    []rule
}

func (w *world) acts() []string {
	acts := []string{Every, w.question.Operation}
	if original := w.question.Original; original != "" && original != w.question.Operation {
		acts = append(acts, original)
	}
	return acts
}

// All are the rows.
func (w *world) All() iter.Seq2[cedar.PolicyID, *cedar.Policy] {
	return func(yield func(cedar.PolicyID, *cedar.Policy) bool) {
		for _, r := range w.rules {
			if !yield(cedar.PolicyID(r.name), r.policy) {
				return
			}
		}
	}
}

// Get is what the engine may know of an entity: a subject is in all its roles, and an operation is also what the
// original calls it.
func (w *world) Get(uid types.EntityUID) (types.Entity, bool) {
	var in []types.EntityUID
	switch {
	case uid == subject(w.question.Subject):
		for _, role := range w.names[1:] {
			in = append(in, subject(role))
		}
	case uid.Type == actions && w.question.Original != "" && uid.ID == types.String(w.question.Operation):
		in = append(in, types.NewEntityUID(actions, types.String(w.question.Original)))
	default:
		return types.Entity{}, false
	}
	return types.Entity{UID: uid, Parents: types.NewEntityUIDSet(in...)}, true
}

func (w *world) judge() access.Verdict {
	object := types.String(w.question.Object)
	decision, why := cedar.Authorize(w, w, cedar.Request{
		Principal: subject(w.question.Subject),
		Action:    types.NewEntityUID(actions, types.String(w.question.Operation)),
		Resource:  types.NewEntityUID(objects, object),
		Context:   types.NewRecord(types.RecordMap{"object": object}),
	})
	switch {
	case len(why.Errors) > 0: // a row that cannot be judged might be one that forbids
		return access.Verdict{Effect: access.Deny, Rule: string(why.Errors[0].PolicyID)}
	case len(why.Reasons) == 0:
		return access.Verdict{}
	case decision == cedar.Allow:
		return access.Verdict{Effect: access.Allow, Rule: first(why.Reasons)}
	}
	return access.Verdict{Effect: access.Deny, Rule: first(why.Reasons)}
}

// first is the first of the names of the rows that decided, so that one question is always answered alike.
func first(reasons []cedar.DiagnosticReason) string {
	name := reasons[0].PolicyID
	for _, r := range reasons[1:] {
		name = min(name, r.PolicyID)
	}
	return string(name)
}
