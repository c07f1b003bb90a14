package user

import (
	"context"
	"log/slog"
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
	outbox     outbox
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
	db, err := p.Mongo()
	if err != nil {
		return nil, err
	}
	objects, err := p.Kube()
	if err != nil {
		return nil, err
	}
	f := &createUser{
		users: identity.NewUsers(db), namespaces: objects,
		outbox: publish.NewOutbox(db, p.Broker(), p.Now), now: p.Now, log: p.Log,
	}
	return f.Handle, nil
}

// Handle intends the news before it keeps the user, so that whoever is kept gets the gift, whatever dies in between.
// A namespace without a user, left by a sign-up that died, is taken over by the next sign-up of the same name.
func (f *createUser) Handle(ctx context.Context, in *user.CreateRequest) (*user.User, error) {
	u := f.newUser(in.Body)
	if _, err := f.users.Get(ctx, u.ID); err == nil {
		return nil, taken(u.Username)
	} else if fault.KindOf(err) != fault.Missing {
		return nil, err
	}
	created, err := eventing.New(eventing.UserCreated, "/users", u.ID, u.CreatedAt, eventing.UserCreatedData{UserID: u.ID})
	if err != nil {
		return nil, err
	}
	if err := f.outbox.Intend(ctx, created); err != nil {
		return nil, err
	}
	if err := f.namespaces.EnsureNamespace(ctx, u.ID); err != nil {
		return nil, kube.Translate(err)
	}
	if err := f.users.Insert(ctx, u.ID, u); err != nil {
		if fault.KindOf(err) == fault.Conflict {
			return nil, taken(u.Username)
		}
		return nil, err
	}
	if err := f.outbox.Tell(ctx, created); err != nil {
		f.log.WarnContext(ctx, "news waits for the relay", "event", created.ID(), "error", err)
	}
	return reply(u), nil
}

func (f *createUser) newUser(in user.Create) *identity.User {
	now := f.now().UTC().Truncate(time.Millisecond)
	return &identity.User{
		ID: identity.UserID(in.Username), Username: in.Username, Nickname: in.Nickname, Email: in.Email, Phone: in.Phone,
		PasswordHash: identity.HashPassword(in.Password), Status: identity.Active, CreatedAt: now, UpdatedAt: now,
	}
}

func taken(username string) error {
	e := fault.New(fault.Conflict, "UserAlreadyExists", "the username %q is taken", username)
	e.Metadata = map[string]string{"field": "username"}
	return e
}

func reply(u *identity.User) *user.User {
	return &user.User{
		UserID: u.ID, Username: u.Username, Nickname: u.Nickname, Email: u.Email, Phone: u.Phone,
		CreatedAt: u.CreatedAt, UpdatedAt: u.UpdatedAt,
	}
}
