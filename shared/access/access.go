// Package access decides who may call an operation. Default deny: what is not allowed here is refused.
package access

import (
	"context"
	"errors"
	"strings"
	"time"

	"onex.io/onex/shared/audit"
	"onex.io/onex/shared/fault"
	"onex.io/onex/shared/token"
	"onex.io/onex/shared/trace"
	"onex.io/onex/shared/trip"
)

// Level says who may call an operation. The zero level lets nobody in.
type Level string

// The levels.
const (
	Anyone   Level = "anyone"    // without a token
	SignedIn Level = "signed-in" // a user, in the own namespace
	Admin    Level = "admin"     // a user who is an administrator
	Platform Level = "platform"  // a part of the platform
	LoggedIn Level = "logged-in" // a user, by either token of a log-in
	Renewing Level = "renewing"  // a user, by the refresh token of a log-in
	Scaler   Level = "scaler"    // an autoscaler, about the one pool that its token names
	// Openable is an administrator or a part of the platform, and anyone where the operator has opened it.
	Openable Level = "openable"
)

// Principal is who calls.
type Principal struct {
	// UserID is the user and the namespace that the call is confined to; empty for nobody.
	UserID string
	// Session is the log-in that the call belongs to, and Round the number of its refresh token, if it is by one.
	Session string
	Round   int64
	// Spent says that the refresh token has bought its pair already: it is of no use but to end its session.
	Spent bool
	// Secret is the id of the user's key that signed the token, if one did.
	Secret string
	// Pool is the uid of the one MinerSet that an autoscaler may ask about.
	Pool string
	Kind token.Kind
	// Admin says that the user is an administrator, who may act in every namespace.
	Admin bool
}

type principalKey struct{}

// With gives ctx its principal.
func With(ctx context.Context, p Principal) context.Context {
	return context.WithValue(ctx, principalKey{}, p)
}

// From is the principal of ctx; the zero one is nobody.
func From(ctx context.Context) Principal {
	p, _ := ctx.Value(principalKey{}).(Principal)
	return p
}

// Bearers tells who a bearer token speaks for. One that does not hold is Unauthenticated, and whom it names is for
// the record alone.
type Bearers interface {
	Identify(ctx context.Context, text string) (Principal, error)
}

// Recorder keeps the record of a decision.
type Recorder interface {
	Kept(ctx context.Context, r audit.Record) error
	Soon(ctx context.Context, r audit.Record)
}

// Guard decides and has every decision recorded.
type Guard struct {
	Bearers  Bearers
	Recorder Recorder
	// Policies are the rows that a user's call is judged by beside its level. Without any, the level decides.
	Policies Policies
	// Root is the userID of the administrator whom no row stops.
	Root string
	Now  func() time.Time
	// Opened says that the operator lets anyone call what is Openable.
	Opened bool
}

// Call is what somebody wants to do.
type Call struct {
	Operation     string
	Original      string // its name in the original, if it has one
	Level         Level
	Changes       bool   // whether the operation changes anything
	Object        string // what it is done to
	Authorization string // the header
	// Refresh says that a refresh token is taken for an access token.
	Refresh   bool
	Remote    string
	RequestID string
}

// Admit decides on a call. An allowed call that changes something is admitted only when its record is safe.
func (g *Guard) Admit(ctx context.Context, c Call) (Principal, error) {
	began := g.Now()
	p, rule, err := g.decide(trip.With(ctx), c)
	if away := fault.KindOf(err); err != nil && away != fault.Unauthenticated && away != fault.Denied {
		return Principal{}, err // undecided: nothing to record, and not open
	}
	if c.Level == Scaler && err == nil && !c.Changes {
		return p, nil // it looks at its own number every few seconds, which would wake those who keep the records each time
	}
	record := audit.Record{
		ID: audit.NewID(), At: began.UTC(), Subject: p.UserID, TokenKind: string(p.Kind),
		Operation: c.Operation, Object: short(c.Object), Allowed: err == nil, Rule: rule,
		Remote: c.Remote, RequestID: c.RequestID, TraceID: trace.ID(ctx), LatencyUS: g.Now().Sub(began).Microseconds(),
	}
	if err != nil || !c.Changes {
		g.Recorder.Soon(ctx, record)
		return p, err
	}
	return p, g.Recorder.Kept(ctx, record)
}

// longestObject bounds the object of a record, in bytes. Paths that mean something are shorter.
const longestObject = 1024

// short is as much of an object as is recorded: a record that is too large for the stream would be lost.
func short(object string) string {
	if len(object) > longestObject {
		return strings.ToValidUTF8(object[:longestObject], "")
	}
	return object
}

// decide names the rule that decided.
func (g *Guard) decide(ctx context.Context, c Call) (Principal, string, error) {
	switch {
	case c.Level == Anyone:
		return Principal{}, "open-to-anyone", nil
	case c.Level == Openable && g.Opened:
		return Principal{}, "opened-by-the-operator", nil
	}
	rows := g.rows(ctx)
	p, err := g.authenticate(ctx, c.Authorization)
	if err != nil {
		return p, "no-valid-token", err
	}
	if p.Spent && c.Level != Renewing {
		return p, "no-valid-token", token.Refused(errors.New("the refresh token is spent"))
	}
	verdict, err := rows(ctx, p, c)
	if err != nil {
		return Principal{}, "", err
	}
	rule, ok := Judge(c, p, verdict)
	if !ok {
		return p, rule, fault.New(fault.Denied, "Forbidden", "you may not %s", c.Operation)
	}
	return p, rule, nil
}

// rows begins to look at the rows. They are about users: a part of the platform is what its token says.
func (g *Guard) rows(ctx context.Context) func(context.Context, Principal, Call) (Verdict, error) {
	if g.Policies == nil {
		return func(context.Context, Principal, Call) (Verdict, error) { return Verdict{}, nil }
	}
	ask := g.Policies.Ask(ctx)
	return func(ctx context.Context, p Principal, c Call) (Verdict, error) {
		if p.Kind != token.Access && p.Kind != token.Signed && p.Kind != token.Refresh {
			return Verdict{}, nil
		}
		return ask(ctx, Question{
			Subject: p.UserID, Roles: RolesOf(p, g.Root), Operation: c.Operation, Original: c.Original, Object: c.Object,
		})
	}
}

// taken is whom the principal is taken for: where a call takes a refresh token, for who has an access token.
func taken(c Call, p Principal) Principal {
	if c.Refresh && c.Level != Renewing && p.Kind == token.Refresh {
		p.Kind = token.Access
	}
	return p
}

// allows says whether a level lets the principal in, and by which rule.
func allows(level Level, p Principal) (rule string, ok bool) {
	user := p.Kind == token.Access || p.Kind == token.Signed
	switch level {
	case SignedIn:
		return "signed-in-own-namespace", user
	case Admin:
		return "administrator", user && p.Admin
	case Platform:
		return "platform-only", p.Kind == token.Platform
	case Scaler:
		return "own-pool", p.Kind == token.Scaler && p.Pool != ""
	case LoggedIn:
		return "own-session", p.Kind == token.Access || p.Kind == token.Refresh
	case Renewing:
		return "own-session", p.Kind == token.Refresh
	case Openable:
		return "administrator-or-platform", user && p.Admin || p.Kind == token.Platform
	}
	return "", false
}

func (g *Guard) authenticate(ctx context.Context, header string) (Principal, error) {
	scheme, text, _ := strings.Cut(header, " ")
	if text = strings.TrimSpace(text); !strings.EqualFold(scheme, "Bearer") || text == "" {
		return Principal{}, token.Refused(errors.New("no bearer token"))
	}
	return g.Bearers.Identify(ctx, text)
}
