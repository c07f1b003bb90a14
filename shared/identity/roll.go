package identity

import (
	"context"
	"slices"

	"go.mongodb.org/mongo-driver/v2/bson"

	"onex.io/onex/shared/fault"
)

// roll lists the sessions of one user in one document, oldest first: their number is decided where they stand. What
// has ended meanwhile may still be on it; what was never on it has given nobody a token.
type roll struct {
	UserID   string     `bson:"_id"`
	Version  int64      `bson:"version"`
	Sessions []enrolled `bson:"sessions"`
}

type enrolled struct {
	ID     string `bson:"id"`
	Client Client `bson:"client"`
}

// enroll puts a session on the roll and ends those of its kind that are too many.
func (s Sessions) enroll(ctx context.Context, session *Session) error {
	return s.changeRoll(ctx, session.UserID, func(r *roll) error {
		if err := s.makeRoom(ctx, r, session.Client); err != nil {
			return err
		}
		r.Sessions = append(r.Sessions, enrolled{ID: session.ID, Client: session.Client})
		return nil
	})
}

// makeRoom takes off the roll what has ended by itself, and then ends the oldest, until one more of the kind may come.
func (s Sessions) makeRoom(ctx context.Context, r *roll, kind Client) error {
	if len(r.of(kind)) < kind.Most() {
		return nil
	}
	standing, err := s.List(ctx, bson.D{{Key: "_id", Value: bson.D{{Key: "$in", Value: r.of(kind)}}}})
	if err != nil {
		return err
	}
	r.Sessions = slices.DeleteFunc(r.Sessions, func(e enrolled) bool {
		return e.Client == kind && !slices.ContainsFunc(standing, func(s Session) bool { return s.ID == e.ID })
	})
	ids := r.of(kind)
	for len(ids) >= kind.Most() {
		if err := s.Delete(ctx, ids[0]); err != nil {
			return err
		}
		r.take(ids[0])
		ids = ids[1:]
	}
	return nil
}

// of are the ids of the sessions of a kind, oldest first.
func (r *roll) of(kind Client) (ids []string) {
	for _, e := range r.Sessions {
		if e.Client == kind {
			ids = append(ids, e.ID)
		}
	}
	return ids
}

func (r *roll) take(id string) {
	r.Sessions = slices.DeleteFunc(r.Sessions, func(e enrolled) bool { return e.ID == id })
}

// strike takes a session off the roll.
func (s Sessions) strike(ctx context.Context, userID, id string) error {
	r, err := s.rolls.Get(ctx, userID)
	if err != nil && fault.KindOf(err) == fault.Missing {
		return nil
	}
	if err != nil || !slices.ContainsFunc(r.Sessions, func(e enrolled) bool { return e.ID == id }) {
		return err
	}
	return s.changeRoll(ctx, userID, func(r *roll) error { r.take(id); return nil })
}

// Clear forgets the sessions of a user, but for one: what Users.EndSessions has ended takes no room any more.
func (s Sessions) Clear(ctx context.Context, userID, but string) error {
	return s.changeRoll(ctx, userID, func(r *roll) error {
		for _, e := range r.Sessions {
			if e.ID == but {
				continue
			}
			if err := s.Delete(ctx, e.ID); err != nil {
				return err
			}
		}
		r.Sessions = slices.DeleteFunc(r.Sessions, func(e enrolled) bool { return e.ID != but })
		return nil
	})
}

// Forget forgets the sessions of a user who leaves, and that there were any.
func (s Sessions) Forget(ctx context.Context, userID string) error {
	if err := s.Clear(ctx, userID, ""); err != nil {
		return err
	}
	return s.rolls.Delete(ctx, userID)
}

// changeRoll makes a change to the roll as it stands. Whoever loses a race decides anew.
func (s Sessions) changeRoll(ctx context.Context, userID string, change func(*roll) error) error {
	for range mostTries {
		r, err := s.rolls.Get(ctx, userID)
		absent := err != nil && fault.KindOf(err) == fault.Missing
		if err != nil && !absent {
			return err
		}
		if absent {
			r = &roll{UserID: userID}
		}
		if err := change(r); err != nil {
			return err
		}
		before := r.Version
		r.Version++
		if absent {
			err = s.rolls.Insert(ctx, userID, r)
		} else {
			err = s.rolls.Swap(ctx, userID, before, r)
		}
		if err == nil || fault.KindOf(err) != fault.Conflict {
			return err
		}
	}
	return fault.New(fault.Busy, "TooManyWriters", "too many log in at once; try again")
}
