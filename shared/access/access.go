// Package access decides who may call an operation. Default deny: what is not allowed here is refused.
package access

import (
	"context"
	"fmt"
	"strings"
	"time"

	"onex.io/onex/shared/audit"
	"onex.io/onex/shared/fault"
	"onex.io/onex/shared/token"
	"onex.io/onex/shared/trace"
)

// Level says who may call an operation. The zero level lets nobody in.
type Level string

// The levels.
const (
	Anyone   Level = "anyone"    // without a token
	SignedIn Level = "signed-in" // a user, in the own namespace
	Admin    Level = "admin"     // a user who is an administrator
	Platform Level = "platform"  // a part of the platform
)

// Principal is who calls.
type Principal struct {
	// UserID is the user and the namespace that the call is confined to; empty for nobody.
	UserID string
	// Session is the log-in that the call belongs to.
	Session string
	Kind    token.Kind
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

// Standing answers whether the session and the user behind a signature still stand, and whether the user is an
// administrator.
type Standing interface {
	Check(ctx context.Context, c token.Claims) (admin bool, err error)
}

// Verifier reads a token and verifies its signature and times.
type Verifier interface {
	Verify(text string) (token.Claims, error)
}

// Recorder keeps the record of a decision.
type Recorder interface {
	Kept(ctx context.Context, r audit.Record) error
	Soon(ctx context.Context, r audit.Record)
}

// Guard decides and has every decision recorded.
type Guard struct {
	Verifier Verifier
	Standing Standing
	Recorder Recorder
	Now      func() time.Time
}

// Call is what somebody wants to do.
type Call struct {
	Operation     string
	Level         Level
	Changes       bool   // whether the operation changes anything
	Object        string // what it is done to
	Authorization string // the header
	Remote        string
	RequestID     string
}

// Admit decides on a call. An allowed call that changes something is admitted only when its record is safe.
func (g *Guard) Admit(ctx context.Context, c Call) (Principal, error) {
	began := g.Now()
	p, rule, err := g.decide(ctx, c)
	if away := fault.KindOf(err); err != nil && away != fault.Unauthenticated && away != fault.Denied {
		return Principal{}, err // undecided: nothing to record, and not open
	}
	record := audit.Record{
		ID: audit.NewID(), At: began.UTC(), Subject: p.UserID, TokenKind: string(p.Kind),
		Operation: c.Operation, Object: c.Object, Allowed: err == nil, Rule: rule,
		Remote: c.Remote, RequestID: c.RequestID, TraceID: trace.ID(ctx), LatencyUS: g.Now().Sub(began).Microseconds(),
	}
	if err != nil || !c.Changes {
		g.Recorder.Soon(ctx, record)
		return p, err
	}
	return p, g.Recorder.Kept(ctx, record)
}

// decide names the rule that decided.
func (g *Guard) decide(ctx context.Context, c Call) (Principal, string, error) {
	if c.Level == Anyone {
		return Principal{}, "open-to-anyone", nil
	}
	p, err := g.authenticate(ctx, c.Authorization)
	if err != nil {
		return p, "no-valid-token", err
	}
	switch {
	case c.Level == SignedIn && p.Kind == token.Access:
		return p, "signed-in-own-namespace", nil
	case c.Level == Admin && p.Kind == token.Access && p.Admin:
		return p, "administrator", nil
	case c.Level == Platform && p.Kind == token.Platform:
		return p, "platform-only", nil
	}
	return p, "default-deny", fault.New(fault.Denied, "Forbidden", "you may not %s", c.Operation)
}

func (g *Guard) authenticate(ctx context.Context, header string) (Principal, error) {
	scheme, text, _ := strings.Cut(header, " ")
	if !strings.EqualFold(scheme, "Bearer") || text == "" {
		return Principal{}, token.Refused(fmt.Errorf("no bearer token"))
	}
	claims, err := g.Verifier.Verify(strings.TrimSpace(text))
	if err != nil {
		return Principal{}, err
	}
	p := Principal{UserID: claims.Subject, Session: claims.Session, Kind: claims.Kind}
	if claims.Kind == token.Platform {
		return p, nil
	}
	p.Admin, err = g.Standing.Check(ctx, claims)
	return p, err
}
