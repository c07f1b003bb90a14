package policy

import (
	"context"
	_ "embed"
	"encoding/json"
	"fmt"

	"onex.io/onex/shared/access"
	"onex.io/onex/shared/api/policy"
	"onex.io/onex/shared/fault"
	"onex.io/onex/shared/identity"
	"onex.io/onex/shared/platform"
	"onex.io/onex/shared/token"
)

// operationsJSON derives from the catalog.
//
//go:embed operations.json
var operationsJSON []byte

// operation is what is known here of an operation of the platform.
type operation struct {
	Name     string       `json:"name"`
	Original string       `json:"original,omitempty"`
	Level    access.Level `json:"level"`
}

// judge answers as the operations themselves would. What is none of theirs, policies alone decide.
type judge struct {
	policies   access.Policies
	users      users
	operations map[string]operation // by both names
	root       string
	opened     bool
}

type users interface {
	// Get is Missing when there is no such user.
	Get(ctx context.Context, id string) (*identity.User, error)
}

func newJudge(p *platform.Platform) (*judge, error) {
	db, err := p.Mongo()
	if err != nil {
		return nil, err
	}
	policies, err := p.Policies()
	if err != nil {
		return nil, err
	}
	operations, err := readOperations()
	return &judge{
		policies: policies, users: identity.NewUsers(db), operations: operations, root: p.Root(), opened: p.Config.OpenAuthenticate,
	}, err
}

func readOperations() (map[string]operation, error) {
	var all []operation
	if err := json.Unmarshal(operationsJSON, &all); err != nil {
		return nil, fmt.Errorf("operations: %w", err)
	}
	byName := map[string]operation{}
	for _, o := range all {
		byName[o.Name] = o
		if o.Original != "" {
			byName[o.Original] = o
		}
	}
	return byName, nil
}

const defaultDeny = "default-deny"

// subject answers for who may be a user, a role, or somebody of whom only policies know.
func (j *judge) subject(ctx context.Context, sub, obj, act string) (*policy.Decision, error) {
	user, err := j.users.Get(ctx, sub)
	switch {
	case err != nil && fault.KindOf(err) == fault.Missing:
		return j.stranger(ctx, sub, obj, act)
	case err != nil:
		return nil, err
	case user.Status != identity.Active:
		return &policy.Decision{Rule: "user-" + string(user.Status)}, nil
	}
	return j.user(ctx, access.Principal{UserID: user.ID, Admin: user.Admin, Kind: token.Access}, obj, act)
}

// user answers for a user who may act.
func (j *judge) user(ctx context.Context, p access.Principal, obj, act string) (*policy.Decision, error) {
	o, ours := j.operations[act]
	if !ours {
		return j.stranger(ctx, p.UserID, obj, act, access.RolesOf(p, j.root)...)
	}
	if rule, open := j.open(o); open {
		return &policy.Decision{Allowed: true, Rule: rule}, nil
	}
	verdict, err := j.policies.Ask(ctx)(ctx, access.Question{
		Subject: p.UserID, Roles: access.RolesOf(p, j.root), Operation: o.Name, Original: o.Original, Object: obj,
	})
	if err != nil {
		return nil, err
	}
	rule, allowed := access.Judge(access.Call{Level: o.Level}, p, verdict)
	return &policy.Decision{Allowed: allowed, Rule: rule}, nil
}

// stranger answers by policies alone. What they allow of an operation of ours is no more than they allow a user.
func (j *judge) stranger(ctx context.Context, sub, obj, act string, roles ...string) (*policy.Decision, error) {
	o, ours := j.operations[act]
	if !ours {
		o = operation{Name: act}
	} else if rule, open := j.open(o); open {
		return &policy.Decision{Allowed: true, Rule: rule}, nil
	}
	verdict, err := j.policies.Ask(ctx)(ctx, access.Question{Subject: sub, Roles: roles, Operation: o.Name, Original: o.Original, Object: obj})
	if err != nil {
		return nil, err
	}
	switch {
	case verdict.Effect == access.Deny:
		return &policy.Decision{Rule: verdict.Rule}, nil
	case verdict.Effect == access.Silent || ours && !widens(o.Level):
		return &policy.Decision{Rule: defaultDeny}, nil
	}
	return &policy.Decision{Allowed: true, Rule: verdict.Rule}, nil
}

// widens says whether a policy could let a user do what has the level.
func widens(level access.Level) bool {
	_, ok := access.Judge(access.Call{Level: level}, access.Principal{Kind: token.Access}, access.Verdict{Effect: access.Allow})
	return ok
}

// open says whether nobody is asked who calls, so that policies are not asked either.
func (j *judge) open(o operation) (rule string, open bool) {
	switch {
	case o.Level == access.Anyone:
		return "open-to-anyone", true
	case o.Level == access.Openable && j.opened:
		return "opened-by-the-operator", true
	}
	return "", false
}
