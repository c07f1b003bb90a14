package policy_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"onex.io/onex/shared/access"
	"onex.io/onex/shared/policy"
)

const original = "/gateway.v1.Gateway/CreateMinerSet"

// create is the question whether alice may create a MinerSet.
func create() access.Question {
	return access.Question{
		Subject: "user-alice", Roles: []string{access.Users}, Operation: "create-minerset", Original: original, Object: "/v1/minersets",
	}
}

func rows(lines ...string) *policy.Rules {
	r := &policy.Rules{}
	for i, line := range lines {
		f := strings.Fields(line)
		if f[0] == "g" {
			r.Bindings = append(r.Bindings, policy.Binding{Sub: f[1], Role: f[2]})
			continue
		}
		r.Rows = append(r.Rows, policy.Row{Name: fmt.Sprint("p", i), Sub: f[0], Obj: f[1], Act: f[2], Eft: access.Effect(f[3])})
	}
	return r
}

func TestWhatRowsSay(t *testing.T) {
	ask := func(f func(*access.Question)) access.Question { q := create(); f(&q); return q }
	named := func(effect access.Effect, rule string) access.Verdict {
		return access.Verdict{Effect: effect, Rule: rule}
	}
	root := ask(func(q *access.Question) { q.Roles = []string{access.Users, access.Admins, access.Root} })
	for _, row := range []struct {
		name  string
		rules *policy.Rules
		asked access.Question
		want  access.Verdict
	}{
		{"no rows", rows(), create(), access.Verdict{}},
		{"a row that allows", rows("user-alice * create-minerset allow"), create(), named("allow", "policy/p0")},
		{"a row that denies", rows("user-alice * create-minerset deny"), create(), named("deny", "policy/p0")},
		{"a denial overrides, wherever it stands", rows("user-alice * create-minerset allow", "user-alice * create-minerset deny", "user-alice * * allow"), create(), named("deny", "policy/p1")},
		{"the original's name of the operation", rows("user-alice * " + original + " deny"), create(), named("deny", "policy/p0")},
		{"another operation", rows("user-alice * delete-minerset deny"), create(), access.Verdict{}},
		{"an operation whose name goes on", rows("user-alice * create-minersets deny", "user-alice * create-miner deny"), create(), access.Verdict{}},
		{"every operation", rows("user-alice * * deny"), create(), named("deny", "policy/p0")},
		{"somebody else", rows("user-bob * * deny"), create(), access.Verdict{}},
		{"the object by its path", rows("user-alice /v1/minersets * deny"), create(), named("deny", "policy/p0")},
		{"another object", rows("user-alice /v1/miners * deny", "user-alice /v1/minersets/x * deny"), create(), access.Verdict{}},
		{"what its path begins with", rows("user-alice /v1/mine* * deny"), create(), named("deny", "policy/p0")},
		{"a star amid a path is a star", rows("user-alice /v1/*sets * deny"), create(), access.Verdict{}},
		{"the original asks for everything", rows("user-alice * * allow", "user-alice /v1/* * deny"), ask(func(q *access.Question) { q.Object = "*" }), named("allow", "policy/p0")},
		{"a role", rows("operators * create-minerset allow", "g user-alice operators"), create(), named("allow", "policy/p0")},
		{"the role of a role", rows("g user-alice operators", "g operators staff", "staff * create-minerset deny"), create(), named("deny", "policy/p2")},
		{"roles that have each other", rows("g user-alice a", "g a b", "g b a", "b * * deny"), create(), named("deny", "policy/p3")},
		{"a role does not have its users", rows("g user-alice operators", "user-alice * * deny"), ask(func(q *access.Question) { q.Subject = "operators" }), access.Verdict{}},
		{"everybody", rows("users * * deny"), create(), named("deny", "policy/p0")},
		{"administrators", rows("admins * * deny"), create(), access.Verdict{}},
		{"the super-user may everything", rows(), root, named("allow", "super-user")},
		{"no row stops the super-user", rows("users * * deny", "user-alice * * deny", "root * * deny"), root, named("allow", "super-user")},
		{"nor who was given the role", rows("g user-alice root", "users * * deny"), create(), named("allow", "super-user")},
		{"nor the name itself", rows("root * * deny"), access.Question{Subject: "root", Operation: "write", Object: "data2"}, named("allow", "super-user")},
		{"what is of no operation of ours", rows("alice data1 read allow"), access.Question{Subject: "alice", Operation: "read", Object: "data1"}, named("allow", "policy/p0")},
		{"and nothing else of it", rows("alice data1 read allow"), access.Question{Subject: "alice", Operation: "read", Object: "data2"}, access.Verdict{}},
		{"a row of no known effect denies", rows("user-alice * * maybe"), create(), named("deny", "policy/p0")},
		{"the first of those that decide is named", rows("users * * deny", "user-alice * * deny"), create(), named("deny", "policy/p0")},
	} {
		for range 2 { // a set does not change by being asked
			if got := policy.Compile(row.rules).Decide(row.asked); got != row.want {
				t.Errorf("%s: got %+v, want %+v", row.name, got, row.want)
			}
		}
	}
}

// plainly is what rows mean, judged without the engine and without an index.
func plainly(r *policy.Rules, q access.Question) access.Effect {
	has := append([]string{q.Subject}, q.Roles...)
	for range len(r.Bindings) + 1 {
		for _, b := range r.Bindings {
			if slices.Contains(has, b.Sub) && !slices.Contains(has, b.Role) {
				has = append(has, b.Role)
			}
		}
	}
	if slices.Contains(has, access.Root) {
		return access.Allow
	}
	verdict := access.Silent
	for _, row := range r.Rows {
		start, open := strings.CutSuffix(row.Obj, "*")
		object := row.Obj == q.Object || open && strings.HasPrefix(q.Object, start)
		act := row.Act == "*" || row.Act == q.Operation || q.Original != "" && row.Act == q.Original
		switch {
		case !slices.Contains(has, row.Sub) || !object || !act:
		case row.Eft == access.Allow && verdict != access.Deny:
			verdict = access.Allow
		case row.Eft != access.Allow:
			verdict = access.Deny
		}
	}
	return verdict
}

// Whatever rows an administrator writes and whatever somebody asks, the engine says what the rows mean.
func FuzzDecide(f *testing.F) {
	f.Add("user-alice * create-minerset deny\ng user-alice root", "user-alice", "create-minerset", original, "/v1/minersets")
	f.Add("a b* * allow\na bc c deny\ng a x\ng x a", "a", "c", "", "bc")
	f.Add("users * "+original+" deny", "user-alice", "create-minerset", original, "*")
	f.Add("a \\* * allow\nb \xff* * deny\ng a b", "a", "*", "*", "\xff\\")
	f.Fuzz(func(t *testing.T, text, sub, act, original, obj string) {
		r := &policy.Rules{}
		for line := range strings.Lines(text) {
			switch f := strings.Fields(line); {
			case len(f) == 3 && f[0] == "g":
				r.Bindings = append(r.Bindings, policy.Binding{Sub: f[1], Role: f[2]})
			case len(f) == 4:
				r.Rows = append(r.Rows, policy.Row{Name: fmt.Sprint(len(r.Rows)), Sub: f[0], Obj: f[1], Act: f[2], Eft: access.Effect(f[3])})
			}
		}
		q := access.Question{Subject: sub, Roles: []string{access.Users}, Operation: act, Original: original, Object: obj}
		if got, want := policy.Compile(r).Decide(q), plainly(r, q); got.Effect != want || (got.Rule == "") != (want == access.Silent) {
			t.Errorf("%q, asked %+v: got %+v, want %q", text, q, got, want)
		}
	})
}

func BenchmarkDecide(b *testing.B) {
	r := rows("users * delete-chain deny", "operators * set-quota allow", "g user-alice operators", "user-alice /v1/minersets/* create-minerset deny")
	for i := range 1000 {
		r.Rows = append(r.Rows, policy.Row{Name: fmt.Sprint("more", i), Sub: fmt.Sprint("user-", i), Obj: "*", Act: "create-minerset", Eft: access.Deny})
	}
	set := policy.Compile(r)
	silent := create()
	silent.Operation, silent.Original = "get-wallet", ""
	for name, q := range map[string]access.Question{"no-row": silent, "one-row": create()} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				set.Decide(q)
			}
		})
	}
}
