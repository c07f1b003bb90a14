package policy

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"onex.io/onex/shared/access"
	"onex.io/onex/shared/api/policy"
	"onex.io/onex/shared/fault"
	"onex.io/onex/shared/identity"
	rules "onex.io/onex/shared/policy"
	"onex.io/onex/shared/token"
)

var noon = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

// court keeps rows and judges by them; some users have signed up, and some tokens hold.
type court struct {
	rules.Rules
	away bool
}

func (c *court) gone() error {
	if c.away {
		return fault.New(fault.Busy, "StoreAway", "away")
	}
	return nil
}

func (c *court) Read(context.Context) (*rules.Rules, error) { return &c.Rules, c.gone() }

func (c *court) Put(_ context.Context, row rules.Row) error {
	c.Rows = append(c.Rows, row)
	return c.gone()
}

func (c *court) Delete(_ context.Context, name string) error {
	c.Rows = nil
	return errors.Join(c.gone(), wrong(name != "p", "deleted "+name))
}

func (c *court) Bind(_ context.Context, b rules.Binding) error {
	c.Bindings = append(c.Bindings, b)
	return c.gone()
}

func (c *court) Unbind(_ context.Context, b rules.Binding) error {
	c.Bindings = nil
	return errors.Join(c.gone(), wrong(b != rules.Binding{Sub: "user-a", Role: "operators"}, fmt.Sprint(b)))
}

func wrong(bad bool, what string) error {
	if bad {
		return errors.New(what)
	}
	return nil
}

func (c *court) Ask(context.Context) func(context.Context, access.Question) (access.Verdict, error) {
	return func(_ context.Context, q access.Question) (access.Verdict, error) {
		return rules.Compile(&c.Rules).Decide(q), c.gone()
	}
}

func (c *court) Get(_ context.Context, id string) (*identity.User, error) {
	u, there := map[string]identity.User{
		"user-a":     {ID: "user-a", Status: identity.Active},
		"user-gone":  {ID: "user-gone", Status: identity.Disabled},
		"user-admin": {ID: "user-admin", Status: identity.Active, Admin: true},
		"user-root":  {ID: "user-root", Status: identity.Active, Admin: true},
	}[id]
	if !there {
		return nil, fault.New(fault.Missing, "NotFound", "%q is not there", id)
	}
	return &u, c.gone()
}

func (c *court) Identify(_ context.Context, text string) (access.Principal, error) {
	p, holds := map[string]access.Principal{
		"a":        {UserID: "user-a", Kind: token.Access},
		"key":      {UserID: "user-a", Kind: token.Signed},
		"admin":    {UserID: "user-admin", Kind: token.Access, Admin: true},
		"refresh":  {UserID: "user-a", Kind: token.Refresh},
		"platform": {UserID: "reconciler", Kind: token.Platform},
	}[text]
	if !holds {
		return p, token.Refused(errors.New("not ours"))
	}
	return p, c.gone()
}

// newCourt has rows written as in a file of the original: subject, object, act, effect; or g, subject, role.
func newCourt(lines ...string) (*court, *judge) {
	c := &court{}
	for i, line := range lines {
		f := strings.Fields(line)
		if f[0] == "g" {
			c.Bindings = append(c.Bindings, rules.Binding{Sub: f[1], Role: f[2]})
			continue
		}
		c.Rows = append(c.Rows, rules.Row{Name: fmt.Sprint("p", i), Sub: f[0], Obj: f[1], Act: f[2], Eft: access.Effect(f[3])})
	}
	operations, err := readOperations()
	if err != nil {
		panic(err)
	}
	return c, &judge{policies: c, users: c, operations: operations, root: "user-root"}
}

func TestWhoMayDoWhatAndWhichRuleSaysSo(t *testing.T) {
	const create = "/gateway.v1.Gateway/CreateMinerSet"
	for _, row := range []struct {
		name          string
		lines         []string
		sub, obj, act string
		allowed       bool
		rule          string
	}{
		{"a user may what every user may", nil, "user-a", "*", create, true, "signed-in-own-namespace"},
		{"by our name, too", nil, "user-a", "/v1/minersets", "create-minerset", true, "signed-in-own-namespace"},
		{"nobody is a user who has not signed up", nil, "user-x", "*", create, false, "default-deny"},
		{"a user who is disabled may nothing", []string{"user-gone * * allow"}, "user-gone", "*", create, false, "user-disabled"},
		{"a row stops a user", []string{"user-a * " + create + " deny"}, "user-a", "*", create, false, "policy/p0"},
		{"by either name", []string{"user-a * create-minerset deny"}, "user-a", "*", create, false, "policy/p0"},
		{"and the other way round", []string{"user-a * " + create + " deny"}, "user-a", "*", "create-minerset", false, "policy/p0"},
		{"what is for administrators is not for users", nil, "user-a", "*", "set-quota", false, "default-deny"},
		{"but for whom a row allows it", []string{"g user-a operators", "operators * set-quota allow"}, "user-a", "*", "set-quota", true, "policy/p1"},
		{"it is for administrators", nil, "user-admin", "*", "set-quota", true, "administrator"},
		{"unless a row denies it", []string{"admins * * deny"}, "user-admin", "*", "set-quota", false, "policy/p0"},
		{"which stops everybody but root", []string{"users * * deny"}, "user-root", "*", "set-quota", true, "administrator"},
		{"what is the platform's no row gives away", []string{"user-a * * allow"}, "user-a", "*", "buy-slot", false, "default-deny"},
		{"nor to a role", []string{"operators * * allow"}, "operators", "*", "buy-slot", false, "default-deny"},
		{"nor to root", nil, "root", "*", "measure-minerset", false, "default-deny"},
		{"what is open is open", []string{"users * * deny"}, "user-a", "*", "login", true, "open-to-anyone"},
		{"to strangers as well", nil, "anybody", "*", "/usercenter.v1.UserCenter/Login", true, "open-to-anyone"},
		{"a role may what rows say", []string{"operators * set-quota allow"}, "operators", "*", "set-quota", true, "policy/p0"},
		{"and nothing else", []string{"operators * set-quota allow"}, "operators", "*", create, false, "default-deny"},
		{"what is not ours is denied", nil, "user-a", "data1", "read", false, "default-deny"},
		{"unless a row allows it", []string{"user-a data1 read allow"}, "user-a", "data1", "read", true, "policy/p0"},
		{"to everybody, too", []string{"users data1 read allow"}, "user-a", "data1", "read", true, "policy/p0"},
		{"of whom strangers are none", []string{"users data1 read allow"}, "alice", "data1", "read", false, "default-deny"},
		{"and another denies it", []string{"alice data1 read allow", "alice data1 read deny"}, "alice", "data1", "read", false, "policy/p1"},
		{"the original's super-user may everything", []string{"root * * deny"}, "root", "data2", "write", true, "super-user"},
	} {
		_, j := newCourt(row.lines...)
		got, err := (&authorize{j}).Handle(t.Context(), &policy.AuthorizeRequest{Body: policy.Question{Sub: row.sub, Obj: row.obj, Act: row.act}})
		if want := (policy.Decision{Allowed: row.allowed, Rule: row.rule}); err != nil || *got != want {
			t.Errorf("%s: got %+v, %v; want %+v", row.name, got, err, want)
		}
	}
}

func TestWhoseATokenIsAndWhatThatUserMay(t *testing.T) {
	c, j := newCourt("g user-a operators", "operators * set-quota allow", "users * delete-chain deny")
	f := &auth{bearers: c, judge: j}
	for _, row := range []struct {
		text, act string
		want      policy.Verdict
	}{
		{"a", "create-chain", policy.Verdict{UserID: "user-a", Decision: policy.Decision{Allowed: true, Rule: "signed-in-own-namespace"}}},
		{"key", "set-quota", policy.Verdict{UserID: "user-a", Decision: policy.Decision{Allowed: true, Rule: "policy/p1"}}},
		{"a", "delete-chain", policy.Verdict{UserID: "user-a", Decision: policy.Decision{Rule: "policy/p2"}}},
		{"admin", "set-quota", policy.Verdict{UserID: "user-admin", Decision: policy.Decision{Allowed: true, Rule: "administrator"}}},
		{"a", "read", policy.Verdict{UserID: "user-a", Decision: policy.Decision{Rule: "default-deny"}}},
	} {
		got, err := f.Handle(t.Context(), &policy.AuthRequest{Body: policy.TokenQuestion{Token: row.text, Obj: "*", Act: row.act}})
		if err != nil || *got != row.want {
			t.Errorf("%s %s: got %+v, %v", row.text, row.act, got, err)
		}
	}
	for _, text := range []string{"", "garbage", "refresh", "platform"} {
		got, err := f.Handle(t.Context(), &policy.AuthRequest{Body: policy.TokenQuestion{Token: text, Obj: "*", Act: "create-chain"}})
		if err == nil || fault.KindOf(err) != fault.Unauthenticated || fault.Of(err).Message != "a valid token is needed" {
			t.Errorf("%q: %+v, %v", text, got, err)
		}
	}
	b, err := json.Marshal(policy.Verdict{UserID: "u", Decision: policy.Decision{Rule: "r"}})
	if want := `{"userID":"u","allowed":false,"rule":"r"}`; err != nil || string(b) != want {
		t.Errorf("%s, %v", b, err)
	}
}

func TestWhatTheOperatorOpenedIsOpen(t *testing.T) {
	_, j := newCourt("users * * deny")
	j.opened = true
	if got, err := j.subject(t.Context(), "user-a", "*", "authenticate"); err != nil || *got != (policy.Decision{Allowed: true, Rule: "opened-by-the-operator"}) {
		t.Errorf("got %+v, %v", got, err)
	}
}

func as(t *testing.T, user string) context.Context {
	return access.With(t.Context(), access.Principal{UserID: user})
}

func TestAPolicyIsKeptAsItIsWritten(t *testing.T) {
	for _, row := range []struct {
		name  string
		rule  policy.Rule
		field string // at fault; empty: kept
	}{
		{"a row of the original", policy.Rule{Sub: "user-a", Obj: "*", Act: "/gateway.v1.Gateway/CreateMinerSet", Eft: "deny"}, ""},
		{"the beginning of a path", policy.Rule{Sub: "operators", Obj: "/v1/minersets/*", Act: "*", Eft: "allow"}, ""},
		{"a star amid a path", policy.Rule{Sub: "a", Obj: "/v1/*/x", Act: "*", Eft: "allow"}, "body.obj"},
		{"two stars", policy.Rule{Sub: "a", Obj: "**", Act: "*", Eft: "allow"}, "body.obj"},
		{"a star in an act", policy.Rule{Sub: "a", Obj: "*", Act: "create-*", Eft: "allow"}, "body.act"},
	} {
		c, _ := newCourt()
		_, err := (&putPolicy{rules: c, now: func() time.Time { return noon }}).Handle(as(t, "user-admin"), &policy.PutRequest{Name: "p", Body: row.rule})
		if row.field != "" {
			if err == nil || fault.KindOf(err) != fault.Invalid || fault.Of(err).Metadata["field"] != row.field || len(c.Rows) > 0 {
				t.Errorf("%s: %v, kept %v", row.name, err, c.Rows)
			}
			continue
		}
		want := rules.Row{Name: "p", Sub: row.rule.Sub, Obj: row.rule.Obj, Act: row.rule.Act, Eft: access.Effect(row.rule.Eft), By: "user-admin", At: noon}
		if err != nil || len(c.Rows) != 1 || c.Rows[0] != want {
			t.Errorf("%s: %v, kept %+v", row.name, err, c.Rows)
		}
	}
	c, _ := newCourt()
	if _, err := (&putPolicy{rules: c, now: time.Now}).Handle(as(t, "x"), &policy.PutRequest{Name: "p", Body: policy.Rule{Sub: "a", Obj: "*", Act: "*"}}); err != nil || c.Rows[0].Eft != access.Allow {
		t.Errorf("without an effect: %v, kept %+v", err, c.Rows)
	}
}

func TestRolesThatCanBeGiven(t *testing.T) {
	for _, row := range []struct{ sub, role, field string }{
		{"user-a", "operators", ""},
		{"operators", "staff", ""},
		{"user-a", "root", ""},
		{"user-a", "users", "path.role"},
		{"user-a", "admins", "path.role"},
		{"user-a", "user-b", "path.role"},
		{"root", "operators", "path.sub"},
	} {
		c, _ := newCourt()
		_, err := (&putRoleBinding{rules: c, now: func() time.Time { return noon }}).Handle(as(t, "user-admin"), &policy.BindRequest{Sub: row.sub, Role: row.role})
		switch {
		case row.field != "":
			if err == nil || fault.Of(err).Metadata["field"] != row.field || len(c.Bindings) > 0 {
				t.Errorf("%s to %s: %v, kept %v", row.role, row.sub, err, c.Bindings)
			}
		case err != nil || len(c.Bindings) != 1 || c.Bindings[0] != rules.Binding{Sub: row.sub, Role: row.role, By: "user-admin", At: noon}:
			t.Errorf("%s to %s: %v, kept %v", row.role, row.sub, err, c.Bindings)
		}
	}
}

func TestListsAreInOrderAndTellWhoWroteWhat(t *testing.T) {
	c, _ := newCourt()
	c.Rows = []rules.Row{{Name: "b", Sub: "s", Obj: "o", Act: "a", Eft: access.Deny, By: "user-admin", At: noon}, {Name: "a", Eft: access.Allow}}
	c.Bindings = []rules.Binding{{Sub: "user-b", Role: "r"}, {Sub: "user-a", Role: "r", By: "user-admin", At: noon}, {Sub: "user-z", Role: "q"}}
	list, err := (&listPolicies{c}).Handle(t.Context(), &policy.ListRequest{})
	want := policy.Policy{Name: "b", Sub: "s", Obj: "o", Act: "a", Eft: "deny", UpdatedBy: "user-admin", UpdatedAt: noon}
	if err != nil || list.TotalCount != 2 || list.Policies[0].Name != "a" || list.Policies[1] != want {
		t.Errorf("got %+v, %v", list, err)
	}
	bindings, err := (&listRoleBindings{c}).Handle(t.Context(), &policy.ListBindingsRequest{})
	if err != nil || bindings.TotalCount != 3 || bindings.RoleBindings[0].Sub != "user-z" || bindings.RoleBindings[1] != (policy.Binding{Role: "r", Sub: "user-a", UpdatedBy: "user-admin", UpdatedAt: noon}) {
		t.Errorf("got %+v, %v", bindings, err)
	}
	none, _ := newCourt()
	if list, err := (&listPolicies{none}).Handle(t.Context(), &policy.ListRequest{}); err != nil || list.Policies == nil {
		t.Errorf("none: %+v, %v", list, err)
	}
	if list, err := (&listRoleBindings{none}).Handle(t.Context(), &policy.ListBindingsRequest{}); err != nil || list.RoleBindings == nil {
		t.Errorf("none: %+v, %v", list, err)
	}
}

func TestWhatIsDeletedIsWhatWasNamed(t *testing.T) {
	c, _ := newCourt("user-a * * deny", "g user-a operators")
	for range 2 { // repeated
		if _, err := (&deletePolicy{c}).Handle(t.Context(), &policy.DeleteRequest{Name: "p"}); err != nil || len(c.Rows) > 0 {
			t.Error(err)
		}
		if _, err := (&deleteRoleBinding{c}).Handle(t.Context(), &policy.UnbindRequest{Sub: "user-a", Role: "operators"}); err != nil || len(c.Bindings) > 0 {
			t.Error(err)
		}
	}
}

func TestNothingIsDecidedByAStoreThatIsAway(t *testing.T) {
	c, j := newCourt("user-a * * allow")
	c.away = true
	ctx := as(t, "user-admin")
	for name, call := range map[string]func() error{
		"authorize a user": func() error { _, err := j.subject(ctx, "user-a", "*", "create-chain"); return err },
		"authorize a role": func() error { _, err := j.subject(ctx, "operators", "*", "create-chain"); return err },
		"judge a user": func() error {
			_, err := j.user(ctx, access.Principal{UserID: "user-a", Kind: token.Access}, "*", "create-chain")
			return err
		},
		"list":          func() error { _, err := (&listPolicies{c}).Handle(ctx, nil); return err },
		"list bindings": func() error { _, err := (&listRoleBindings{c}).Handle(ctx, nil); return err },
		"put": func() error {
			_, err := (&putPolicy{c, time.Now}).Handle(ctx, &policy.PutRequest{Name: "p", Body: policy.Rule{Sub: "a", Obj: "*", Act: "*"}})
			return err
		},
		"bind": func() error {
			_, err := (&putRoleBinding{c, time.Now}).Handle(ctx, &policy.BindRequest{Sub: "a", Role: "b"})
			return err
		},
	} {
		if err := call(); err == nil || fault.KindOf(err) != fault.Busy {
			t.Errorf("%s: %v", name, err)
		}
	}
}
