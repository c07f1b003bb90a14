package session

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"testing"
	"time"

	"golang.org/x/crypto/bcrypt"

	"onex.io/onex/shared/api/session"
	"onex.io/onex/shared/cputime"
	"onex.io/onex/shared/fault"
	"onex.io/onex/shared/identity"
	"onex.io/onex/shared/token"
)

var noon = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

// people are users by name, the sessions that were started, the tries that were counted and the log-ins that were kept.
type people struct {
	users    map[string]identity.User
	sessions []identity.Session
	tries    map[string]int64
	kept     []identity.LogIn
	away     string
}

func (p *people) is(part string) error {
	if p.away == part {
		return fault.New(fault.Busy, "StoreAway", "away")
	}
	return nil
}

func (p *people) Find(_ context.Context, name string) (*identity.User, error) {
	if u, ok := p.users[name]; ok {
		return &u, p.is("users")
	}
	return nil, errors.Join(p.is("users"), fault.New(fault.Missing, "NotFound", "user %q is not there", name))
}

func (p *people) RenewHash(_ context.Context, u *identity.User, to string) error {
	kept := p.users[u.Username]
	kept.PasswordHash = to
	p.users[u.Username] = kept
	return p.is("hash")
}

func (p *people) Move(_ context.Context, id string, to identity.Status, _ time.Time) (bool, error) {
	for name, u := range p.users {
		if u.ID != id {
			continue
		}
		if !u.Status.May(to) {
			return false, fault.New(fault.Conflict, "UserStatus", "no")
		}
		u.Status = to
		p.users[name] = u
	}
	return true, p.is("move")
}

func (p *people) Start(_ context.Context, s identity.Session) (*identity.Session, error) {
	if err := p.is("sessions"); err != nil {
		return nil, err
	}
	s.ID = string(rune('s' + len(p.sessions)))
	p.sessions = append(p.sessions, s)
	return &p.sessions[len(p.sessions)-1], nil
}

func (p *people) Count(_ context.Context, key string, _ time.Time) (int64, error) {
	p.tries[key]++
	return p.tries[key], p.is("tries")
}

func (p *people) Counted(_ context.Context, key string, now time.Time) (int64, time.Time, error) {
	return p.tries[key], now, p.is("counted")
}

func (p *people) Forgive(_ context.Context, key string) error {
	delete(p.tries, key)
	return p.is("forgive")
}

func (p *people) Keep(_ context.Context, l identity.LogIn) error {
	p.kept = append(p.kept, l)
	return p.is("history")
}

// cheap hashes fast: what a hash costs is not what is tested here.
func cheap() identity.Passwords { return identity.Passwords{Memory: 64, Passes: 1, Lanes: 1} }

func newLoginOf(t *testing.T) (*login, *people, *token.Verifier) {
	t.Helper()
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	hash := cheap().Hash("correct horse")
	p := &people{tries: map[string]int64{}, users: map[string]identity.User{
		"alice": {ID: "user-a", Username: "alice", PasswordHash: hash, Status: identity.Active, Epoch: "e"},
		"newby": {ID: "user-n", Username: "newby", PasswordHash: hash, Status: identity.Registered},
		"mallo": {ID: "user-m", Username: "mallo", PasswordHash: hash, Status: identity.Disabled},
		"leavy": {ID: "user-l", Username: "leavy", PasswordHash: hash, Status: identity.Deleting},
	}}
	now := func() time.Time { return noon }
	f := &login{users: p, sessions: p, attempts: p, history: p, passwords: cheap(), limits: limits{account: 5, address: 9}, issuer: &issuer{
		tokens: token.NewLoginSigner(private, now), accessLife: 2 * time.Hour, refreshLife: 24 * time.Hour, now: now,
	}}
	return f, p, token.NewVerifier(public, nil, now)
}

func (f *login) try(t *testing.T, username, password string) (*session.Tokens, error) {
	t.Helper()
	return f.Handle(t.Context(), &session.LoginRequest{Body: session.Login{Username: username, Password: password}})
}

// wantRefusal wants the one answer that every log-in gets that fails.
func wantRefusal(t *testing.T, name string, err error) {
	t.Helper()
	const want = "username or password is wrong, or too many log-ins have failed; try again later"
	if e := fault.Of(err); err == nil || e.Kind != fault.Unauthenticated || e.Reason != "UserLoginFailed" || e.Message != want || e.Metadata != nil {
		t.Errorf("%s: the caller learns %+v", name, e)
	}
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
		"a user who is leaving":  {"leavy", "correct horse"},
		"neither":                {"", ""},
	} {
		got, err := f.try(t, in[0], in[1])
		if got != nil || err == nil {
			t.Errorf("%s: let in with %+v", name, got)
			continue
		}
		wantRefusal(t, name, err)
	}
	if len(people.sessions) != 0 {
		t.Errorf("sessions %+v", people.sessions)
	}
}

// The answer about a name that nobody has takes the work of a hash too.
func TestTimeDoesNotTellWhoExists(t *testing.T) {
	f, people, _ := newLoginOf(t)
	f.passwords, f.limits = identity.Passwords{}, limits{account: 100, address: 100}
	u := people.users["alice"]
	u.PasswordHash = f.passwords.Hash("correct horse")
	people.users["alice"] = u
	least := map[string]time.Duration{"alice": time.Hour, "bob": time.Hour}
	for range 5 { // in turn, and by CPU time, which a busy machine does not change
		for username := range least {
			began := cputime.Process()
			_, _ = f.try(t, username, "wrong horse")
			least[username] = min(least[username], cputime.Process()-began)
		}
	}
	if least["bob"] < least["alice"]/3 {
		t.Errorf("a wrong name is refused after %s, a wrong password after %s", least["bob"], least["alice"])
	}
}

func TestAfterSomeFailuresTheRightPasswordIsRefusedToo(t *testing.T) {
	f, people, _ := newLoginOf(t)
	for i := range 5 {
		_, err := f.try(t, "alice", "wrong horse")
		wantRefusal(t, fmt.Sprint("guess ", i), err)
	}
	_, err := f.try(t, "alice", "correct horse")
	wantRefusal(t, "the right password", err)
	if got := people.kept[len(people.kept)-1]; len(people.kept) != 6 || got.Result != identity.TooManyTries || people.kept[0].Result != identity.WrongPassword {
		t.Errorf("kept %+v", people.kept)
	}
	if _, err := f.try(t, "newby", "correct horse"); err != nil {
		t.Errorf("another account: %v", err)
	}
	delete(people.tries, identity.AccountKey("user-a")) // as when the window has passed
	if _, err := f.try(t, "alice", "correct horse"); err != nil {
		t.Errorf("later: %v", err)
	}
}

func TestALogInForgivesTheFailuresBefore(t *testing.T) {
	f, _, _ := newLoginOf(t)
	f.limits.address = 100
	for round := range 3 {
		for range 4 {
			_, _ = f.try(t, "alice", "wrong horse")
		}
		if _, err := f.try(t, "alice", "correct horse"); err != nil {
			t.Errorf("round %d: %v", round, err)
		}
	}
}

func TestAnAddressThatFailsOftenIsRefusedWithoutWork(t *testing.T) {
	f, people, _ := newLoginOf(t)
	for i := range 9 {
		_, err := f.try(t, fmt.Sprint("nobody-", i), "x")
		wantRefusal(t, "a guess", err)
	}
	kept := len(people.kept)
	_, err := f.try(t, "alice", "correct horse")
	wantRefusal(t, "the address", err)
	if len(people.kept) != kept || people.tries[identity.AccountKey("user-a")] != 0 {
		t.Errorf("kept %d, tries %v", len(people.kept), people.tries)
	}
}

// Who would see other work for one name than for another would know which name there is.
func TestANameThatNobodyHasCostsTheStoreAsMuch(t *testing.T) {
	f, people, _ := newLoginOf(t)
	for _, name := range []string{"alice", "bob"} {
		people.tries, people.kept = map[string]int64{}, nil
		_, err := f.try(t, name, "wrong horse")
		wantRefusal(t, name, err)
		if len(people.tries) != 2 || len(people.kept) != 1 {
			t.Errorf("%s: tries %v, kept %v", name, people.tries, people.kept)
		}
	}
}

func TestWhoLogsInFirstIsActive(t *testing.T) {
	f, people, _ := newLoginOf(t)
	for range 2 {
		if _, err := f.try(t, "newby", "correct horse"); err != nil || people.users["newby"].Status != identity.Active {
			t.Errorf("%v: %+v", err, people.users["newby"])
		}
	}
	if _, err := f.try(t, "mallo", "wrong horse"); err == nil || people.users["mallo"].Status != identity.Disabled {
		t.Errorf("%v: %+v", err, people.users["mallo"])
	}
}

func TestAnOutdatedHashIsRenewedByALogIn(t *testing.T) {
	bcrypted, err := bcrypt.GenerateFromPassword([]byte("correct horse"), bcrypt.MinCost)
	if err != nil {
		t.Fatal(err)
	}
	for name, old := range map[string]string{"the original's": string(bcrypted), "another cost": identity.Passwords{Memory: 32, Passes: 1, Lanes: 1}.Hash("correct horse")} {
		f, people, _ := newLoginOf(t)
		u := people.users["alice"]
		u.PasswordHash = old
		people.users["alice"] = u
		if _, err := f.try(t, "alice", "wrong horse"); err == nil || people.users["alice"].PasswordHash != old {
			t.Errorf("%s: a wrong password: %v", name, err)
		}
		for range 2 {
			if _, err := f.try(t, "alice", "correct horse"); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
		if ok, outdated := cheap().Match(people.users["alice"].PasswordHash, "correct horse"); !ok || outdated {
			t.Errorf("%s: the hash is %s", name, people.users["alice"].PasswordHash)
		}
	}
}

func TestASessionIsOfItsKindAndOfTheEpochBeforeThePasswordWasSeen(t *testing.T) {
	f, people, _ := newLoginOf(t)
	for kind, want := range map[string]identity.Client{"": identity.API, "web": identity.Web, "phone": identity.Phone, "api": identity.API} {
		people.sessions, people.kept = nil, nil
		_, err := f.Handle(t.Context(), &session.LoginRequest{Body: session.Login{Username: "alice", Password: "correct horse", Kind: kind}})
		if err != nil || len(people.sessions) != 1 || people.sessions[0].Client != want || people.sessions[0].Epoch != "e" {
			t.Errorf("%q: %+v, %v", kind, people.sessions, err)
		}
		if len(people.kept) != 1 || people.kept[0].Client != want || people.kept[0].Result != identity.LoggedIn || people.kept[0].UserID != "user-a" || !people.kept[0].At.Equal(noon) {
			t.Errorf("%q: kept %+v", kind, people.kept)
		}
	}
}

func TestAStoreThatIsAwayIsNoWrongPassword(t *testing.T) {
	for _, part := range []string{"users", "sessions", "tries", "counted", "forgive", "history"} {
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
