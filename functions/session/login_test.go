package session

import (
	"context"
	"testing"
	"time"

	"crypto/ed25519"

	"onex.io/onex/shared/api/session"
	"onex.io/onex/shared/fault"
	"onex.io/onex/shared/identity"
	"onex.io/onex/shared/token"
)

var noon = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

// people are users by name, and the sessions that were started.
type people struct {
	users    map[string]identity.User
	sessions []identity.Session
	away     string
}

func (p *people) Named(_ context.Context, username string) (*identity.User, error) {
	if p.away == "users" {
		return nil, fault.New(fault.Busy, "StoreAway", "away")
	}
	if u, ok := p.users[username]; ok {
		return &u, nil
	}
	return nil, fault.New(fault.Missing, "NotFound", "user %q is not there", username)
}

func (p *people) Start(_ context.Context, userID string, now time.Time, life time.Duration) (*identity.Session, error) {
	if p.away == "sessions" {
		return nil, fault.New(fault.Busy, "StoreAway", "away")
	}
	p.sessions = append(p.sessions, identity.Session{ID: string(rune('s' + len(p.sessions))), UserID: userID, CreatedAt: now, Expires: now.Add(life)})
	return &p.sessions[len(p.sessions)-1], nil
}

func newLoginOf(t *testing.T) (*login, *people, *token.Verifier) {
	t.Helper()
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	p := &people{users: map[string]identity.User{
		"alice": {ID: "user-a", Username: "alice", PasswordHash: identity.HashPassword("correct horse"), Status: identity.Active},
		"mallo": {ID: "user-m", Username: "mallo", PasswordHash: identity.HashPassword("correct horse"), Status: identity.Disabled},
	}}
	now := func() time.Time { return noon }
	f := &login{users: p, sessions: p, issuer: &issuer{
		tokens: token.NewLoginSigner(private, now), accessLife: 2 * time.Hour, refreshLife: 24 * time.Hour, now: now,
	}}
	return f, p, token.NewVerifier(public, nil, now)
}

func (f *login) try(t *testing.T, username, password string) (*session.Tokens, error) {
	t.Helper()
	return f.Handle(t.Context(), &session.LoginRequest{Body: session.Login{Username: username, Password: password}})
}

func TestALogInGivesTwoTokensOfOneSession(t *testing.T) {
	f, people, verifier := newLoginOf(t)
	got, err := f.try(t, "alice", "correct horse")
	if err != nil {
		t.Fatal(err)
	}
	if got.Type != "Bearer" || got.ExpiresAt != noon.Add(2*time.Hour).Unix() || len(people.sessions) != 1 {
		t.Errorf("got %+v, sessions %+v", got, people.sessions)
	}
	for _, row := range []struct {
		text string
		want token.Claims
	}{
		{got.AccessToken, token.Claims{Subject: "user-a", Session: "s", Kind: token.Access, Expires: noon.Add(2 * time.Hour)}},
		{got.RefreshToken, token.Claims{Subject: "user-a", Session: "s", Kind: token.Refresh, Expires: noon.Add(24 * time.Hour)}},
	} {
		claims, err := verifier.Verify(row.text)
		if err != nil || !claims.Expires.Equal(row.want.Expires) {
			t.Errorf("%s: %+v, %v", row.want.Kind, claims, err)
		}
		claims.Expires = row.want.Expires
		if claims != row.want {
			t.Errorf("got %+v, want %+v", claims, row.want)
		}
	}
	if _, err := f.try(t, "alice", "correct horse"); err != nil || len(people.sessions) != 2 {
		t.Errorf("a second log-in: %v, sessions %+v", err, people.sessions)
	}
}

func TestWhoIsRefusedLearnsNothingOfWhy(t *testing.T) {
	f, people, _ := newLoginOf(t)
	for name, in := range map[string][2]string{
		"a wrong password":       {"alice", "wrong horse"},
		"an empty password":      {"alice", ""},
		"a wrong name":           {"bob", "correct horse"},
		"a name in another case": {"Alice", "correct horse"},
		"a disabled user":        {"mallo", "correct horse"},
		"neither":                {"", ""},
	} {
		got, err := f.try(t, in[0], in[1])
		if got != nil || err == nil {
			t.Errorf("%s: let in with %+v", name, got)
			continue
		}
		if e := fault.Of(err); e.Kind != fault.Unauthenticated || e.Reason != "UserLoginFailed" || e.Message != "username or password is wrong" || e.Metadata != nil {
			t.Errorf("%s: the caller learns %+v", name, e)
		}
	}
	if len(people.sessions) != 0 {
		t.Errorf("sessions %+v", people.sessions)
	}
}

// The answer about a name that nobody has takes the time of a hash too.
func TestTimeDoesNotTellWhoExists(t *testing.T) {
	f, _, _ := newLoginOf(t)
	least := map[string]time.Duration{"alice": time.Hour, "bob": time.Hour}
	for range 5 { // in turn, so that a busy machine is busy for both
		for username := range least {
			began := time.Now()
			_, _ = f.try(t, username, "wrong horse")
			least[username] = min(least[username], time.Since(began))
		}
	}
	if least["bob"] < least["alice"]/3 {
		t.Errorf("a wrong name is refused after %s, a wrong password after %s", least["bob"], least["alice"])
	}
}

func TestAStoreThatIsAwayIsNoWrongPassword(t *testing.T) {
	for _, part := range []string{"users", "sessions"} {
		f, people, _ := newLoginOf(t)
		people.away = part
		if _, err := f.try(t, "alice", "correct horse"); err == nil || fault.KindOf(err) != fault.Busy {
			t.Errorf("%s away: %v", part, err)
		}
	}
}

func TestWithoutAKeyNobodyGetsTokens(t *testing.T) {
	f, _, _ := newLoginOf(t)
	f.issuer.tokens = token.NewLoginSigner(nil, f.issuer.now)
	if got, err := f.try(t, "alice", "correct horse"); err == nil || fault.KindOf(err) != fault.Broken {
		t.Errorf("got %+v, %v", got, err)
	}
}
