package access_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"onex.io/onex/shared/access"
	"onex.io/onex/shared/audit"
	"onex.io/onex/shared/fault"
	"onex.io/onex/shared/token"
)

var noon = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

// bearers know some tokens; the text is what they are called in the rows below. away makes them know nothing at all.
type bearers struct{ away bool }

func (b bearers) Identify(_ context.Context, text string) (access.Principal, error) {
	p, known := map[string]access.Principal{
		"access":       {UserID: "user-a", Session: "s", Kind: token.Access},
		"refresh":      {UserID: "user-a", Session: "s", Round: 3, Kind: token.Refresh},
		"spent":        {UserID: "user-a", Session: "s", Round: 2, Spent: true, Kind: token.Refresh},
		"signed":       {UserID: "user-a", Secret: "k", Kind: token.Signed},
		"admin":        {UserID: "user-admin", Session: "s", Kind: token.Access, Admin: true},
		"adminrefresh": {UserID: "user-admin", Session: "s", Kind: token.Refresh, Admin: true},
		"adminsigned":  {UserID: "user-admin", Secret: "k", Kind: token.Signed, Admin: true},
		"platform":     {UserID: "reconciler", Kind: token.Platform},
		"scaler":       {UserID: "user-a", Pool: "pool-1", Kind: token.Scaler},
		"ended":        {UserID: "user-a", Session: "ended", Kind: token.Access},
		"odd":          {UserID: "user-a", Session: "s", Kind: "admin"},
	}[text]
	switch {
	case b.away:
		return p, fault.New(fault.Busy, "StoreAway", "the store does not answer now")
	case !known:
		return access.Principal{}, token.Refused(errors.New("not ours"))
	case p.Session == "ended":
		return p, token.Refused(errors.New("ended"))
	}
	return p, nil
}

// The original's clients send the refresh token to the user center, and the one before once they have renewed it.
func TestWhatARefreshTokenIsTakenFor(t *testing.T) {
	for _, row := range []struct {
		name, text string
		level      access.Level
		taken      bool
		want       fault.Kind
	}{
		{"where it is taken, it calls what is a user's", "refresh", access.SignedIn, true, ""},
		{"elsewhere it does not", "refresh", access.SignedIn, false, fault.Denied},
		{"an administrator's calls what is an administrator's", "adminrefresh", access.Admin, true, ""},
		{"and what is openable", "adminrefresh", access.Openable, true, ""},
		{"a user's does not", "refresh", access.Admin, true, fault.Denied},
		{"nor what is the platform's", "adminrefresh", access.Platform, true, fault.Denied},
		{"it buys the next pair", "refresh", access.Renewing, true, ""},
		{"an access token does not", "access", access.Renewing, true, fault.Denied},
		{"it ends its session", "refresh", access.LoggedIn, true, ""},
		{"a spent one calls nothing", "spent", access.SignedIn, true, fault.Unauthenticated},
		{"and does not end its session by a log-out", "spent", access.LoggedIn, true, fault.Unauthenticated},
		{"but may try to buy a pair, which ends it", "spent", access.Renewing, true, ""},
	} {
		r := &recorder{}
		_, err := newGuard(bearers{}, r).Admit(t.Context(), access.Call{Operation: "get-user", Level: row.level, Refresh: row.taken, Authorization: "Bearer " + row.text})
		if row.want == "" && err != nil || row.want != "" && (err == nil || fault.KindOf(err) != row.want) {
			t.Errorf("%s: got %v, want %q", row.name, err, row.want)
		}
		if want := map[bool]string{true: "access", false: "refresh"}[row.text == "access"]; len(r.soon) != 1 || r.soon[0].TokenKind != want {
			t.Errorf("%s: recorded %+v, want it to say what token it was", row.name, r.soon)
		}
	}
}

// recorder keeps what it is given; away makes it unable to.
type recorder struct {
	away       bool
	kept, soon []audit.Record
}

func (r *recorder) Kept(_ context.Context, record audit.Record) error {
	if r.away {
		return fault.New(fault.Busy, "StreamAway", "the stream does not answer now")
	}
	r.kept = append(r.kept, record)
	return nil
}

func (r *recorder) Soon(_ context.Context, record audit.Record) { r.soon = append(r.soon, record) }

func newGuard(b bearers, r *recorder) *access.Guard {
	return &access.Guard{Bearers: b, Recorder: r, Now: func() time.Time { return noon }}
}

func TestWhoMayCall(t *testing.T) {
	const allowed = fault.Kind("")
	for _, row := range []struct {
		name   string
		level  access.Level
		header string
		want   fault.Kind
		rule   string
	}{
		{"anyone may call what is open", access.Anyone, "", allowed, "open-to-anyone"},
		{"what is open does not look at tokens", access.Anyone, "Bearer garbage", allowed, "open-to-anyone"},
		{"nobody may call what needs a user", access.SignedIn, "", fault.Unauthenticated, "no-valid-token"},
		{"a user may", access.SignedIn, "Bearer access", allowed, "signed-in-own-namespace"},
		{"the scheme may be in any case", access.SignedIn, "bEARER access", allowed, "signed-in-own-namespace"},
		{"blanks around a token do no harm", access.SignedIn, "Bearer   access ", allowed, "signed-in-own-namespace"},
		{"a token in a wrong scheme is none", access.SignedIn, "Basic access", fault.Unauthenticated, "no-valid-token"},
		{"a token without a scheme is none", access.SignedIn, "access", fault.Unauthenticated, "no-valid-token"},
		{"a scheme without a token is none", access.SignedIn, "Bearer ", fault.Unauthenticated, "no-valid-token"},
		{"a token that does not hold is none", access.SignedIn, "Bearer forged", fault.Unauthenticated, "no-valid-token"},
		{"a session that ended is none", access.SignedIn, "Bearer ended", fault.Unauthenticated, "no-valid-token"},
		{"a refresh token calls nothing", access.SignedIn, "Bearer refresh", fault.Denied, "default-deny"},
		{"a user may by an own key", access.SignedIn, "Bearer signed", allowed, "signed-in-own-namespace"},
		{"a refresh token buys the next pair", access.Renewing, "Bearer refresh", allowed, "own-session"},
		{"an access token does not", access.Renewing, "Bearer access", fault.Denied, "default-deny"},
		{"nor does an own key", access.Renewing, "Bearer signed", fault.Denied, "default-deny"},
		{"nor does the platform", access.Renewing, "Bearer platform", fault.Denied, "default-deny"},
		{"nor nobody", access.Renewing, "", fault.Unauthenticated, "no-valid-token"},
		{"a session ends by its access token", access.LoggedIn, "Bearer access", allowed, "own-session"},
		{"and by its refresh token", access.LoggedIn, "Bearer refresh", allowed, "own-session"},
		{"an own key has no session", access.LoggedIn, "Bearer signed", fault.Denied, "default-deny"},
		{"nor has the platform", access.LoggedIn, "Bearer platform", fault.Denied, "default-deny"},
		{"what is openable is closed to nobody", access.Openable, "", fault.Unauthenticated, "no-valid-token"},
		{"and to users", access.Openable, "Bearer access", fault.Denied, "default-deny"},
		{"and to the refresh token of an administrator", access.Openable, "Bearer adminrefresh", fault.Denied, "default-deny"},
		{"an administrator may call it", access.Openable, "Bearer admin", allowed, "administrator-or-platform"},
		{"and the platform", access.Openable, "Bearer platform", allowed, "administrator-or-platform"},
		{"an administrator's refresh token calls nothing", access.Admin, "Bearer adminrefresh", fault.Denied, "default-deny"},
		{"an administrator's own key is as good as a log-in", access.Admin, "Bearer adminsigned", allowed, "administrator"},
		{"a user's own key is no administrator", access.Admin, "Bearer signed", fault.Denied, "default-deny"},
		{"a user's own key is not the platform", access.Platform, "Bearer signed", fault.Denied, "default-deny"},
		{"the platform is no user", access.SignedIn, "Bearer platform", fault.Denied, "default-deny"},
		{"a token of an unknown kind calls nothing", access.SignedIn, "Bearer odd", fault.Denied, "default-deny"},
		{"the platform may call its own", access.Platform, "Bearer platform", allowed, "platform-only"},
		{"a user may not call the platform's own", access.Platform, "Bearer access", fault.Denied, "default-deny"},
		{"a refresh token may not either", access.Platform, "Bearer refresh", fault.Denied, "default-deny"},
		{"nobody may call the platform's own", access.Platform, "", fault.Unauthenticated, "no-valid-token"},
		{"a user may not call what is an autoscaler's", access.Scaler, "Bearer access", fault.Denied, "default-deny"},
		{"nor an administrator", access.Scaler, "Bearer admin", fault.Denied, "default-deny"},
		{"nor the platform", access.Scaler, "Bearer platform", fault.Denied, "default-deny"},
		{"nor nobody", access.Scaler, "", fault.Unauthenticated, "no-valid-token"},
		{"an autoscaler is no user", access.SignedIn, "Bearer scaler", fault.Denied, "default-deny"},
		{"nor an administrator", access.Admin, "Bearer scaler", fault.Denied, "default-deny"},
		{"nor the platform", access.Platform, "Bearer scaler", fault.Denied, "default-deny"},
		{"and has no session", access.LoggedIn, "Bearer scaler", fault.Denied, "default-deny"},
		{"and opens nothing", access.Openable, "Bearer scaler", fault.Denied, "default-deny"},
		{"an administrator may call what is for users", access.SignedIn, "Bearer admin", allowed, "signed-in-own-namespace"},
		{"an administrator may call what is for administrators", access.Admin, "Bearer admin", allowed, "administrator"},
		{"a user may not", access.Admin, "Bearer access", fault.Denied, "default-deny"},
		{"the platform is no administrator", access.Admin, "Bearer platform", fault.Denied, "default-deny"},
		{"an administrator is not the platform", access.Platform, "Bearer admin", fault.Denied, "default-deny"},
		{"what says not who may call lets no administrator in", "", "Bearer admin", fault.Denied, "default-deny"},
		{"what says not who may call lets no user in", "", "Bearer access", fault.Denied, "default-deny"},
		{"nor the platform", "", "Bearer platform", fault.Denied, "default-deny"},
		{"nor nobody", "", "", fault.Unauthenticated, "no-valid-token"},
		{"an unknown level lets nobody in", "everyone", "Bearer access", fault.Denied, "default-deny"},
	} {
		t.Run(row.name, func(t *testing.T) {
			r := &recorder{}
			_, err := newGuard(bearers{}, r).Admit(t.Context(), access.Call{Operation: "get-wallet", Level: row.level, Authorization: row.header})
			if row.want == allowed && err != nil || row.want != allowed && (err == nil || fault.KindOf(err) != row.want) {
				t.Errorf("got %v, want %q", err, row.want)
			}
			if len(r.soon) != 1 || r.soon[0].Rule != row.rule || r.soon[0].Allowed != (row.want == allowed) {
				t.Errorf("recorded %+v, want one record of rule %q", r.soon, row.rule)
			}
		})
	}
}

func TestWhatTheOperatorHasOpenedIsOpenToAnyone(t *testing.T) {
	r := &recorder{}
	g := newGuard(bearers{}, r)
	g.Opened = true
	for _, header := range []string{"", "Bearer garbage", "Bearer access"} {
		p, err := g.Admit(t.Context(), access.Call{Operation: "authenticate", Level: access.Openable, Authorization: header})
		if err != nil || p != (access.Principal{}) {
			t.Errorf("%q: got %+v, %v", header, p, err)
		}
	}
	if len(r.soon) != 3 || r.soon[0].Rule != "opened-by-the-operator" || !r.soon[0].Allowed {
		t.Errorf("recorded %+v", r.soon)
	}
	for _, level := range []access.Level{access.SignedIn, access.Admin, access.Platform, access.LoggedIn, access.Renewing, ""} {
		if _, err := g.Admit(t.Context(), access.Call{Level: level}); err == nil || fault.KindOf(err) != fault.Unauthenticated {
			t.Errorf("level %q was opened with it: %v", level, err)
		}
	}
}

func TestThePrincipalIsWhatTheTokenSays(t *testing.T) {
	g := newGuard(bearers{}, &recorder{})
	p, err := g.Admit(t.Context(), access.Call{Operation: "get-wallet", Level: access.SignedIn, Authorization: "Bearer access"})
	if want := (access.Principal{UserID: "user-a", Session: "s", Kind: token.Access}); err != nil || p != want {
		t.Errorf("got %+v, %v, want %+v", p, err, want)
	}
	p, err = g.Admit(t.Context(), access.Call{Operation: "get-wallet", Level: access.SignedIn, Authorization: "Bearer admin"})
	if want := (access.Principal{UserID: "user-admin", Session: "s", Kind: token.Access, Admin: true}); err != nil || p != want {
		t.Errorf("got %+v, %v, want %+v", p, err, want)
	}
	p, err = g.Admit(t.Context(), access.Call{Operation: "create-user", Level: access.Anyone, Authorization: "Bearer access"})
	if err != nil || p != (access.Principal{}) {
		t.Errorf("what is open took its caller for %+v, %v", p, err)
	}
}

func TestThePrincipalTravelsInTheContext(t *testing.T) {
	if p := access.From(t.Context()); p != (access.Principal{}) {
		t.Errorf("nobody is %+v", p)
	}
	want := access.Principal{UserID: "user-a"}
	if got := access.From(access.With(t.Context(), want)); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestWhatWasDecidedIsRecordedWithItsCircumstances(t *testing.T) {
	r := &recorder{}
	_, err := newGuard(bearers{}, r).Admit(t.Context(), access.Call{
		Operation: "create-chain", Level: access.SignedIn, Changes: true, Object: "/v1/chains",
		Authorization: "Bearer access", Remote: "10.0.0.9:4711", RequestID: "R",
	})
	if err != nil || len(r.kept) != 1 || len(r.soon) != 0 {
		t.Fatalf("got %v, kept %+v, soon %+v", err, r.kept, r.soon)
	}
	got := r.kept[0]
	if got.ID == "" {
		t.Error("a record without an id cannot be kept once")
	}
	got.ID = ""
	want := audit.Record{
		At: noon, Subject: "user-a", TokenKind: "access", Operation: "create-chain", Object: "/v1/chains",
		Allowed: true, Rule: "signed-in-own-namespace", Remote: "10.0.0.9:4711", RequestID: "R",
	}
	if got != want {
		t.Errorf("recorded %+v, want %+v", got, want)
	}
}

// A path of a megabyte would make a record that no stream takes, and so go unrecorded.
func TestARecordIsShortWhateverIsAskedFor(t *testing.T) {
	r := &recorder{}
	_, err := newGuard(bearers{}, r).Admit(t.Context(), access.Call{
		Operation: "get-chain", Level: access.SignedIn, Object: "/v1/chains/" + strings.Repeat("\u00fc", 1<<19), Authorization: "Bearer access",
	})
	if err != nil || len(r.soon) != 1 {
		t.Fatal(err)
	}
	if got := r.soon[0].Object; len(got) > 1024 || !strings.HasPrefix(got, "/v1/chains/\u00fc") || !utf8.ValidString(got) {
		t.Errorf("%d bytes of object", len(got))
	}
}

func TestOnlyWhatAnAutoscalerMayLookAtIsNotRecorded(t *testing.T) {
	for _, row := range []struct {
		name    string
		changes bool
		level   access.Level
		records int
	}{
		{"its own number", false, access.Scaler, 0},
		{"what is not its own", false, access.SignedIn, 1},
		{"a change", true, access.Scaler, 1},
	} {
		r := &recorder{}
		p, _ := newGuard(bearers{}, r).Admit(t.Context(), access.Call{Level: row.level, Changes: row.changes, Authorization: "Bearer scaler"})
		if p.Pool != "pool-1" || len(r.kept)+len(r.soon) != row.records {
			t.Errorf("%s: %+v is recorded %d times, want %d", row.name, p, len(r.kept)+len(r.soon), row.records)
		}
	}
}

func TestARefusedChangeIsRecordedWithItsSubject(t *testing.T) {
	r := &recorder{}
	_, err := newGuard(bearers{}, r).Admit(t.Context(), access.Call{Operation: "buy-slot", Level: access.Platform, Changes: true, Authorization: "Bearer access"})
	if err == nil || len(r.kept) != 0 || len(r.soon) != 1 || r.soon[0].Subject != "user-a" || r.soon[0].Allowed {
		t.Errorf("got %v, kept %+v, soon %+v", err, r.kept, r.soon)
	}
}

func TestAChangeWaitsForItsRecord(t *testing.T) {
	for _, row := range []struct {
		name    string
		changes bool
		want    fault.Kind
	}{
		{"a change is not admitted when its record cannot be kept", true, fault.Busy},
		{"a look is, for nothing is lost by it", false, ""},
	} {
		_, err := newGuard(bearers{}, &recorder{away: true}).Admit(t.Context(), access.Call{Level: access.Anyone, Changes: row.changes})
		if row.want == "" && err != nil || row.want != "" && (err == nil || fault.KindOf(err) != row.want) {
			t.Errorf("%s: got %v", row.name, err)
		}
	}
}

func TestUndecidedIsNotOpenAndNotRecorded(t *testing.T) {
	r := &recorder{}
	p, err := newGuard(bearers{away: true}, r).Admit(t.Context(), access.Call{Level: access.SignedIn, Changes: true, Authorization: "Bearer access"})
	if err == nil || fault.KindOf(err) != fault.Busy || p != (access.Principal{}) {
		t.Errorf("got %+v, %v", p, err)
	}
	if len(r.kept)+len(r.soon) != 0 {
		t.Errorf("nothing was decided, yet recorded: %+v %+v", r.kept, r.soon)
	}
}
