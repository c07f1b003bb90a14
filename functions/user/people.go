package user

import (
	"context"

	"onex.io/onex/shared/access"
	"onex.io/onex/shared/fault"
	"onex.io/onex/shared/identity"
)

// named finds users by name.
type named interface {
	// Named is Missing when nobody has the name.
	Named(ctx context.Context, username string) (*identity.User, error)
}

// person finds whom a request is about: the caller, or for an administrator anybody. Nobody else learns whether there
// is a user of the name.
func person(ctx context.Context, users named, username string) (*identity.User, error) {
	if caller := access.From(ctx); !caller.Admin && caller.UserID != identity.UserID(username) {
		return nil, forbidden("you may do this with yourself alone")
	}
	return anybody(ctx, users, username)
}

// anybody finds whom a request is about that is for administrators, or for whom a policy lets do what they do.
func anybody(ctx context.Context, users named, username string) (*identity.User, error) {
	u, err := users.Named(ctx, username)
	if err == nil && u.Status != identity.Deleted {
		return u, nil
	}
	if err == nil || fault.KindOf(err) == fault.Missing {
		return nil, fault.New(fault.Missing, "UserNotFound", "there is no user %q", username)
	}
	return nil, err
}

func forbidden(why string) error {
	return fault.New(fault.Denied, "UserOperationForbidden", "%s", why)
}

// staying is whom find has found, who is not on the way out.
func staying(u *identity.User, err error) (*identity.User, error) {
	if err == nil && u.Status.Gone() {
		return nil, fault.New(fault.Missing, "UserNotFound", "user %q is being deleted", u.Username)
	}
	return u, err
}
