package user

import (
	"context"
	"log/slog"
	"strings"
	"time"

	cloudevents "github.com/cloudevents/sdk-go/v2"

	"onex.io/onex/eventing"
	"onex.io/onex/shared/api/user"
	"onex.io/onex/shared/fault"
	"onex.io/onex/shared/identity"
	"onex.io/onex/shared/kube"
	"onex.io/onex/shared/op"
	"onex.io/onex/shared/platform"
	"onex.io/onex/shared/publish"
)

// createUser signs somebody up: a namespace, the user, and the news of it that brings the gift.
type createUser struct {
	users      users
	namespaces namespaces
	contacts   contacts
	outbox     outbox
	passwords  identity.Passwords
	reserved   string // the administrator's username
	now        func() time.Time
	log        *slog.Logger
}

type users interface {
	Get(ctx context.Context, id string) (*identity.User, error)
	// Insert is Conflict when the user is there already.
	Insert(ctx context.Context, id string, u *identity.User) error
}

type namespaces interface {
	// EnsureNamespace makes the namespace unless it is there.
	EnsureNamespace(ctx context.Context, name string) error
}

type outbox interface {
	Intend(ctx context.Context, e cloudevents.Event) error
	Tell(ctx context.Context, e cloudevents.Event) error
}

func newCreateUser(p *platform.Platform) (op.RequestFunc[user.CreateRequest, user.User], error) {
	f, err := signUps(p)
	if err != nil {
		return nil, err
	}
	return f.Handle, nil
}

func signUps(p *platform.Platform) (*createUser, error) {
	db, err := p.Mongo()
	if err != nil {
		return nil, err
	}
	objects, err := p.Kube()
	if err != nil {
		return nil, err
	}
	return &createUser{
		users: identity.NewUsers(db), namespaces: objects, contacts: identity.NewDirectory(db),
		outbox: publish.NewOutbox(db, p.Broker(), p.Now), passwords: p.Passwords(),
		reserved: p.Config.AdminUsername, now: p.Now, log: p.Log,
	}, nil
}

// Handle takes the administrator's name for taken, in any case of its letters, also before there is an administrator.
func (f *createUser) Handle(ctx context.Context, in *user.CreateRequest) (*user.User, error) {
	if strings.EqualFold(in.Body.Username, f.reserved) {
		return nil, taken(in.Body.Username)
	}
	if identity.LooksLikeContact(in.Body.Username) {
		return nil, fault.Field("body.username", "it cannot be an e-mail address or a phone number: those are for logging in by them")
	}
	u := f.newUser(in.Body)
	if err := f.keep(ctx, u); err != nil {
		return nil, err
	}
	return reply(u), nil
}

// keep intends the news before it keeps the user, so that whoever is kept gets the gift, whatever dies in between.
// A namespace without a user, left by a sign-up that died, is taken over by the next sign-up of the same name.
func (f *createUser) keep(ctx context.Context, u *identity.User) error {
	if _, err := f.users.Get(ctx, u.ID); err == nil {
		return taken(u.Username)
	} else if fault.KindOf(err) != fault.Missing {
		return err
	}
	created, err := eventing.New(eventing.UserCreated, "/users", u.ID, u.CreatedAt, eventing.UserCreatedData{UserID: u.ID})
	if err != nil {
		return err
	}
	if err := f.outbox.Intend(ctx, created); err != nil {
		return err
	}
	if err := f.namespaces.EnsureNamespace(ctx, u.ID); err != nil {
		return kube.Translate(err)
	}
	if err := f.users.Insert(ctx, u.ID, u); err != nil {
		if fault.KindOf(err) == fault.Conflict {
			return taken(u.Username)
		}
		return err
	}
	if err := f.contacts.Claim(ctx, u); err != nil { // there is the username to log in with
		f.log.WarnContext(ctx, "no log-in by e-mail or phone until the user is updated", "user", u.ID, "error", err)
	}
	if err := f.outbox.Tell(ctx, created); err != nil {
		f.log.WarnContext(ctx, "news waits for the relay", "event", created.ID(), "error", err)
	}
	return nil
}

func (f *createUser) newUser(in user.Create) *identity.User {
	now := f.now().UTC().Truncate(time.Millisecond)
	return &identity.User{
		ID: identity.UserID(in.Username), Username: in.Username, Nickname: in.Nickname, Email: in.Email, Phone: in.Phone,
		PasswordHash: f.passwords.Hash(in.Password), Status: identity.Registered, CreatedAt: now, UpdatedAt: now,
	}
}

func taken(username string) error {
	e := fault.New(fault.Conflict, "UserAlreadyExists", "the username %q is taken", username)
	e.Metadata = map[string]string{"field": "username"}
	return e
}

func reply(u *identity.User) *user.User {
	return &user.User{
		UserID: u.ID, Username: u.Username, Nickname: u.Nickname, Email: u.Email, Phone: u.Phone, Status: string(u.Status),
		CreatedAt: u.CreatedAt, UpdatedAt: u.UpdatedAt,
	}
}
