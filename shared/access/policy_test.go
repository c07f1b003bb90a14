package access_test

import (
	"context"
	"slices"
	"testing"

	"onex.io/onex/shared/access"
	"onex.io/onex/shared/fault"
	"onex.io/onex/shared/token"
)

// rules give everybody one verdict, and keep what they were asked.
type rules struct {
	says  access.Verdict
	away  bool
	asked []access.Question
}

func (r *rules) Ask(context.Context) func(context.Context, access.Question) (access.Verdict, error) {
	return func(_ context.Context, q access.Question) (access.Verdict, error) {
		r.asked = append(r.asked, q)
		if r.away {
			return access.Verdict{}, fault.New(fault.Busy, "StoreAway", "the store does not answer now")
		}
		return r.says, nil
	}
}

func TestRowsStopAndWidenWhatALevelSays(t *testing.T) {
	const allowed = fault.Kind("")
	silent := access.Verdict{}
	deny := access.Verdict{Effect: access.Deny, Rule: "policy/no"}
	allow := access.Verdict{Effect: access.Allow, Rule: "policy/yes"}
	for _, row := range []struct {
		name   string
		level  access.Level
		header string
		says   access.Verdict
		want   fault.Kind
		rule   string
	}{
		{"no row: the level decides", access.SignedIn, "Bearer access", silent, allowed, "signed-in-own-namespace"},
		{"no row: the level refuses", access.Admin, "Bearer access", silent, fault.Denied, "default-deny"},
		{"a row stops a user", access.SignedIn, "Bearer access", deny, fault.Denied, "policy/no"},
		{"and a user's own key", access.SignedIn, "Bearer signed", deny, fault.Denied, "policy/no"},
		{"and an administrator", access.Admin, "Bearer admin", deny, fault.Denied, "policy/no"},
		{"and a session", access.LoggedIn, "Bearer refresh", deny, fault.Denied, "policy/no"},
		{"where the level lets in, it is the level that decides", access.SignedIn, "Bearer access", allow, allowed, "signed-in-own-namespace"},
		{"a row lets a user do what is for administrators", access.Admin, "Bearer access", allow, allowed, "policy/yes"},
		{"by an own key, too", access.Admin, "Bearer signed", allow, allowed, "policy/yes"},
		{"and what is openable", access.Openable, "Bearer access", allow, allowed, "policy/yes"},
		{"a refresh token stays one", access.Admin, "Bearer refresh", allow, fault.Denied, "default-deny"},
		{"and calls nothing", access.SignedIn, "Bearer refresh", allow, fault.Denied, "default-deny"},
		{"no row lets a user do what is the platform's", access.Platform, "Bearer access", allow, fault.Denied, "default-deny"},
		{"nor an administrator", access.Platform, "Bearer admin", allow, fault.Denied, "default-deny"},
		{"nor what is an autoscaler's", access.Scaler, "Bearer access", allow, fault.Denied, "default-deny"},
		{"nor makes an access token buy the next pair", access.Renewing, "Bearer access", allow, fault.Denied, "default-deny"},
		{"nor opens what lets nobody in", "", "Bearer admin", allow, fault.Denied, "default-deny"},
		{"a token that does not hold is no matter of rows", access.SignedIn, "Bearer forged", allow, fault.Unauthenticated, "no-valid-token"},
		{"rows are not about the platform", access.Platform, "Bearer platform", deny, allowed, "platform-only"},
		{"nor about autoscalers", access.SignedIn, "Bearer scaler", allow, fault.Denied, "default-deny"},
		{"nor about what is open to anyone", access.Anyone, "Bearer access", deny, allowed, "open-to-anyone"},
	} {
		r := &recorder{}
		g := newGuard(bearers{}, r)
		g.Policies = &rules{says: row.says}
		_, err := g.Admit(t.Context(), access.Call{Operation: "set-quota", Level: row.level, Changes: true, Authorization: row.header})
		if row.want == allowed && err != nil || row.want != allowed && (err == nil || fault.KindOf(err) != row.want) {
			t.Errorf("%s: got %v, want %q", row.name, err, row.want)
		}
		records := append(r.kept, r.soon...)
		if len(records) != 1 || records[0].Rule != row.rule || records[0].Allowed != (row.want == allowed) {
			t.Errorf("%s: recorded %+v, want one record of rule %q", row.name, records, row.rule)
		}
	}
}

func TestARowMakesNobodyAnAdministrator(t *testing.T) {
	g := newGuard(bearers{}, &recorder{})
	g.Policies = &rules{says: access.Verdict{Effect: access.Allow, Rule: "policy/yes"}}
	p, err := g.Admit(t.Context(), access.Call{Operation: "set-quota", Level: access.Admin, Authorization: "Bearer access"})
	if want := (access.Principal{UserID: "user-a", Session: "s", Kind: token.Access}); err != nil || p != want {
		t.Errorf("got %+v, %v: whoever is no administrator stays in the own namespace", p, err)
	}
}

func TestWhatTheRowsAreAsked(t *testing.T) {
	for _, row := range []struct {
		header, subject string
		roles           []string
	}{
		{"Bearer access", "user-a", []string{"users"}},
		{"Bearer admin", "user-admin", []string{"users", "admins", "root"}},
	} {
		asked := &rules{}
		g := newGuard(bearers{}, &recorder{})
		g.Policies, g.Root = asked, "user-admin"
		_, err := g.Admit(t.Context(), access.Call{
			Operation: "create-minerset", Original: "/x/Y", Object: "/v1/minersets", Level: access.SignedIn, Authorization: row.header,
		})
		if err != nil || len(asked.asked) != 1 {
			t.Fatal(err, asked.asked)
		}
		q := asked.asked[0]
		if q.Subject != row.subject || !slices.Equal(q.Roles, row.roles) || q.Operation != "create-minerset" || q.Original != "/x/Y" || q.Object != "/v1/minersets" {
			t.Errorf("%s: asked %+v", row.header, q)
		}
	}
}

func TestTheRoleRootIsTheDeployedAdministratorsAlone(t *testing.T) {
	for _, row := range []struct {
		p    access.Principal
		want []string
	}{
		{access.Principal{UserID: "user-admin", Admin: true}, []string{"users", "admins", "root"}},
		{access.Principal{UserID: "user-admin"}, []string{"users"}}, // whose role was taken away
		{access.Principal{UserID: "user-other", Admin: true}, []string{"users", "admins"}},
		{access.Principal{UserID: "user-a"}, []string{"users"}},
	} {
		if got := access.RolesOf(row.p, "user-admin"); !slices.Equal(got, row.want) {
			t.Errorf("%+v: %v", row.p, got)
		}
	}
}

func TestRowsThatAreAwayLetNobodyIn(t *testing.T) {
	r := &recorder{}
	g := newGuard(bearers{}, r)
	g.Policies = &rules{away: true}
	p, err := g.Admit(t.Context(), access.Call{Level: access.SignedIn, Authorization: "Bearer access"})
	if err == nil || fault.KindOf(err) != fault.Busy || p != (access.Principal{}) || len(r.kept)+len(r.soon) != 0 {
		t.Errorf("got %+v, %v, recorded %+v", p, err, r.soon)
	}
}
