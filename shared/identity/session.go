package identity

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"

	"onex.io/onex/shared/fault"
	"onex.io/onex/shared/store"
	"onex.io/onex/shared/token"
)

// Client is the kind of program that logs in.
type Client string

// The kinds.
const (
	Web   Client = "web"
	Phone Client = "phone"
	API   Client = "api"
)

// Most is how many sessions of the kind a user has at most: the oldest goes when another begins.
func (c Client) Most() int {
	if c == API {
		return 10
	}
	return 1
}

// Session is one log-in. Its tokens hold only while it stands.
type Session struct {
	ID     string `bson:"_id"`
	UserID string `bson:"userID"`
	Client Client `bson:"client"`
	// Epoch is the user's when the session began.
	Epoch string `bson:"epoch,omitempty"`
	// Round is that of the refresh token that is good: the ones before are spent.
	Round     int64     `bson:"round"`
	CreatedAt time.Time `bson:"createdAt"`
	Expires   time.Time `bson:"expires"`
}

// spent is the mark of a refresh token that has bought its pair. That one insert wins makes the token good for once,
// on any store and however many callers hold it.
type spent struct {
	ID      string    `bson:"_id"`     // session and round
	Expires time.Time `bson:"expires"` // after that, the token is of no use anyway
}

// Sessions is the store of sessions.
type Sessions struct {
	store.Collection[Session]
	spent store.Collection[spent]
	rolls store.Collection[roll]
}

// NewSessions opens the sessions of db.
func NewSessions(db *mongo.Database) Sessions {
	return Sessions{store.In[Session](db, "sessions"), store.In[spent](db, "spent-refreshes"), store.In[roll](db, "session-rolls")}
}

// Start keeps a new session, which is given its id, and ends the oldest of its kind that are too many.
func (s Sessions) Start(ctx context.Context, session Session) (*Session, error) {
	session.ID, session.CreatedAt, session.Expires = rand.Text(), session.CreatedAt.UTC(), session.Expires.UTC()
	if err := s.Insert(ctx, session.ID, &session); err != nil {
		return nil, err
	}
	return &session, s.enroll(ctx, &session)
}

// Renew spends the refresh token of a round and lets its session live on. A token that is spent already has been
// stolen, or its pair has: who is the thief cannot be told, so the session ends for both.
func (s Sessions) Renew(ctx context.Context, id string, round int64, expires time.Time) (*Session, error) {
	session, err := s.Get(ctx, id)
	if err != nil {
		return nil, refusedIfMissing(err)
	}
	mark := spent{ID: fmt.Sprintf("%s/%d", id, round), Expires: expires.UTC()}
	switch err := s.spent.Insert(ctx, mark.ID, &mark); {
	case err == nil:
	case fault.KindOf(err) == fault.Conflict:
		if err := s.End(ctx, session.UserID, id); err != nil {
			return nil, err
		}
		return nil, token.Refused(fmt.Errorf("refresh token %q is used again, its session has ended", mark.ID))
	default:
		return nil, err
	}
	session.Expires, session.Round = mark.Expires, round+1
	return session, s.extend(ctx, session)
}

// extend moves the end of a session. It never brings back one that has ended meanwhile.
func (s Sessions) extend(ctx context.Context, session *Session) error {
	there, err := s.Set(ctx, session.ID, bson.D{{Key: "expires", Value: session.Expires}, {Key: "round", Value: session.Round}})
	if err == nil && !there {
		return token.Refused(errors.New("the session has ended"))
	}
	return err
}

// Keep lets a session go on in another epoch, when the others of its user have ended.
func (s Sessions) Keep(ctx context.Context, id, epoch string) error {
	_, err := s.Set(ctx, id, bson.D{{Key: "epoch", Value: epoch}})
	return err
}

// End ends a session of the user; its tokens fall within a second. One that has ended already is no fault.
func (s Sessions) End(ctx context.Context, userID, id string) error {
	if err := s.Delete(ctx, id); err != nil {
		return err
	}
	return s.strike(ctx, userID, id)
}

// Sweep forgets what has expired, and says how many sessions that was. It scans.
func (s Sessions) Sweep(ctx context.Context, now time.Time) (ended int64, err error) {
	expired := bson.D{{Key: "expires", Value: bson.D{{Key: "$lt", Value: now.UTC()}}}}
	if _, err := s.spent.DeleteAll(ctx, expired); err != nil {
		return 0, err
	}
	return s.DeleteAll(ctx, expired)
}
