package session

import (
	"context"
	"time"

	"onex.io/onex/shared/api/session"
	"onex.io/onex/shared/fault"
	"onex.io/onex/shared/identity"
	"onex.io/onex/shared/op"
	"onex.io/onex/shared/platform"
)

// login turns a name and its password into a session and its two tokens. Whoever is refused learns nothing of why:
// a wrong name, a wrong password, a user who may not log in and one for whom too many have failed get one answer, after
// the same work.
type login struct {
	users     users
	sessions  sessions
	attempts  attempts
	history   history
	passwords identity.Passwords
	limits    limits
	issuer    *issuer
}

type users interface {
	// Find is Missing when nobody has the name, be it a username, an e-mail address or a phone number.
	Find(ctx context.Context, name string) (*identity.User, error)
	RenewHash(ctx context.Context, u *identity.User, to string) error
	// Move is a Conflict when the user cannot become that any more.
	Move(ctx context.Context, id string, to identity.Status, now time.Time) (moved bool, err error)
}

type sessions interface {
	Start(ctx context.Context, s identity.Session) (*identity.Session, error)
}

type attempts interface {
	// Count counts one more, and tells how many there are.
	Count(ctx context.Context, key string, now time.Time) (int64, error)
	Counted(ctx context.Context, key string, now time.Time) (count int64, end time.Time, err error)
	Forgive(ctx context.Context, key string) error
}

type history interface {
	Keep(ctx context.Context, l identity.LogIn) error
}

// limits are how many tries of an account count, and how many failures of an address.
type limits struct{ account, address int64 }

func newLogin(p *platform.Platform) (op.RequestFunc[session.LoginRequest, session.Tokens], error) {
	db, err := p.Mongo()
	if err != nil {
		return nil, err
	}
	issuer, err := newIssuer(p)
	return (&login{
		users: identity.NewDirectory(db), sessions: identity.NewSessions(db),
		attempts: identity.NewAttempts(db, p.Config.LoginWindow), history: identity.NewHistory(db), passwords: p.Passwords(),
		limits: limits{p.Config.LoginFailures, p.Config.LoginFailuresPerAddress}, issuer: issuer,
	}).Handle, err
}

// try is one log-in that is tried.
type try struct {
	identity.LogIn
	key  string // of what the try counts for
	user *identity.User
}

// Handle lets in, or refuses and counts it.
func (f *login) Handle(ctx context.Context, in *session.LoginRequest) (*session.Tokens, error) {
	caller, kind := op.CallerOf(ctx), identity.Client(in.Body.Kind)
	if kind == "" {
		kind = identity.API
	}
	t := &try{LogIn: identity.LogIn{At: f.issuer.now(), Client: kind, Agent: caller.Agent, Address: caller.Address}}
	if failed, _, err := f.attempts.Counted(ctx, identity.AddressKey(t.Address), t.At); err != nil || failed >= f.limits.address {
		return nil, refusedUnless(err) // before any work: it says nothing of any account
	}
	if err := f.find(ctx, t, in.Body.Username); err != nil {
		return nil, err
	}
	if err := f.judge(ctx, t, in.Body.Password); err != nil {
		return nil, err
	}
	if t.Result != identity.LoggedIn {
		return nil, f.refuse(ctx, t)
	}
	return f.enter(ctx, t)
}

// find takes whom the name is of. Of a name that is nobody's, a user without a password is made.
func (f *login) find(ctx context.Context, t *try, name string) error {
	u, err := f.users.Find(ctx, name)
	switch {
	case err == nil:
		t.user, t.key = u, identity.AccountKey(u.ID)
	case fault.KindOf(err) == fault.Missing:
		t.user, t.key = &identity.User{ID: "nobody"}, identity.NobodyKey(name)
	default:
		return err
	}
	t.UserID = t.user.ID
	return nil
}

// judge counts the try, and then does the whole work, whoever it is.
func (f *login) judge(ctx context.Context, t *try, password string) error {
	count, err := f.attempts.Count(ctx, t.key, t.At)
	if err != nil {
		return err
	}
	ok, outdated := f.passwords.Match(t.user.PasswordHash, password)
	switch {
	case count > f.limits.account:
		t.Result = identity.TooManyTries
	case !ok:
		t.Result = identity.WrongPassword
	case !t.user.Status.MayLogIn():
		t.Result = identity.MayNot
	default:
		t.Result = identity.LoggedIn
		if outdated {
			return f.users.RenewHash(ctx, t.user, f.passwords.Hash(password))
		}
	}
	return nil
}

func (f *login) refuse(ctx context.Context, t *try) error {
	if _, err := f.attempts.Count(ctx, identity.AddressKey(t.Address), t.At); err != nil {
		return err
	}
	return refusedUnless(f.history.Keep(ctx, t.LogIn))
}

// refusedUnless is the one answer to a log-in that fails, unless something else is at fault.
func refusedUnless(err error) error {
	if err != nil {
		return err
	}
	return fault.New(fault.Unauthenticated, "UserLoginFailed", "username or password is wrong, or too many log-ins have failed; try again later")
}

// enter begins a session. It is of the epoch that was read before the password was looked at: a password that has
// been changed since, or a log-out everywhere, has ended it already.
func (f *login) enter(ctx context.Context, t *try) (*session.Tokens, error) {
	if t.user.Status == identity.Registered {
		_, err := f.users.Move(ctx, t.user.ID, identity.Active, t.At)
		if err != nil && fault.KindOf(err) == fault.Conflict { // disabled, or leaving, since
			t.Result = identity.MayNot
			return nil, f.refuse(ctx, t)
		}
		if err != nil {
			return nil, err
		}
	}
	if err := f.attempts.Forgive(ctx, t.key); err != nil {
		return nil, err
	}
	s, err := f.sessions.Start(ctx, identity.Session{
		UserID: t.user.ID, Client: t.Client, Epoch: t.user.Epoch, CreatedAt: t.At, Expires: t.At.Add(f.issuer.refreshLife),
	})
	if err != nil {
		return nil, err
	}
	if err := f.history.Keep(ctx, t.LogIn); err != nil {
		return nil, err
	}
	return f.issuer.pair(s, 0)
}
