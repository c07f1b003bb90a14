package identity

import (
	"context"
	"crypto/rand"
	"slices"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"onex.io/onex/shared/fault"
)

// Status is where a user stands.
type Status string

// The statuses. Only Active may act; whoever is Registered becomes Active by logging in.
const (
	Registered Status = "registered" // signed up, and never logged in
	Active     Status = "active"
	// Locked is never kept: it is told of an active user whose log-ins are refused for a while (see Attempts). Sessions
	// and keys go on, so that a stranger who guesses passwords keeps nobody from working.
	Locked   Status = "locked"
	Disabled Status = "disabled" // by an administrator
	Deleting Status = "deleting" // on the way out: what was the user's is being removed
	Deleted  Status = "deleted"  // nothing is left but the name, which is never given again
)

// next are the statuses that each may become.
func (s Status) next() []Status {
	switch s {
	case Registered:
		return []Status{Active, Disabled, Deleting}
	case Active:
		return []Status{Disabled, Deleting}
	case Disabled:
		return []Status{Active, Deleting}
	case Deleting:
		return []Status{Deleted}
	}
	return nil
}

// May says whether a user of this status may become one of that status.
func (s Status) May(to Status) bool { return slices.Contains(s.next(), to) }

// MayLogIn says whether a log-in of a user of this status can succeed.
func (s Status) MayLogIn() bool { return s == Registered || s == Active }

// Gone says whether the user has left, or is leaving and does not come back.
func (s Status) Gone() bool { return s == Deleting || s == Deleted }

// from are the statuses that may become this one.
func (s Status) from() []Status {
	all := []Status{} // an array, also of none
	for _, status := range []Status{Registered, Active, Disabled, Deleting, Deleted} {
		if status.May(s) {
			all = append(all, status)
		}
	}
	return all
}

// NewEpoch makes an epoch that no session has begun in.
func NewEpoch() string { return rand.Text() }

// Move brings a user to another status, if the present one allows; a user who is there already stays, and moved is
// false. Whoever comes to Disabled or Deleting loses every session in the same step.
func (u Users) Move(ctx context.Context, id string, to Status, now time.Time) (moved bool, err error) {
	fields := bson.D{{Key: "status", Value: to}, {Key: "updatedAt", Value: now.UTC()}}
	if to == Disabled || to == Deleting {
		fields = append(fields, bson.E{Key: "epoch", Value: NewEpoch()})
	}
	filter := bson.D{{Key: "_id", Value: id}, {Key: "status", Value: bson.D{{Key: "$in", Value: to.from()}}}}
	if moved, err = u.SetIf(ctx, filter, fields); moved || err != nil {
		return moved, err
	}
	there, err := u.Get(ctx, id)
	if err != nil || there.Status == to {
		return false, err
	}
	return false, fault.New(fault.Conflict, "UserStatus", "a user who is %s cannot become %s", there.Status, to)
}

// EndSessions ends every session of the user at once.
func (u Users) EndSessions(ctx context.Context, id string) error {
	_, err := u.Set(ctx, id, bson.D{{Key: "epoch", Value: NewEpoch()}})
	return err
}

// Bury leaves of a user who is leaving nothing but the name, as a hash, so that nobody else comes by the namespace and
// the wallet of it.
func (u Users) Bury(ctx context.Context, user *User, now time.Time) error {
	return u.Put(ctx, user.ID, &User{ID: user.ID, Status: Deleted, CreatedAt: user.CreatedAt, UpdatedAt: now.UTC()})
}
