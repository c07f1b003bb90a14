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

// Session is one log-in. Its tokens hold only while it stands.
type Session struct {
	ID        string    `bson:"_id"`
	UserID    string    `bson:"userID"`
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
}

// NewSessions opens the sessions of db.
func NewSessions(db *mongo.Database) Sessions {
	return Sessions{store.In[Session](db, "sessions"), store.In[spent](db, "spent-refreshes")}
}

// Start keeps a new session of the user.
func (s Sessions) Start(ctx context.Context, userID string, now time.Time, life time.Duration) (*Session, error) {
	session := &Session{ID: rand.Text(), UserID: userID, CreatedAt: now.UTC(), Expires: now.Add(life).UTC()}
	return session, s.Insert(ctx, session.ID, session)
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
		if err := s.End(ctx, id); err != nil {
			return nil, err
		}
		return nil, token.Refused(fmt.Errorf("refresh token %q is used again, its session has ended", mark.ID))
	default:
		return nil, err
	}
	session.Expires = mark.Expires
	return session, s.extend(ctx, session)
}

// extend moves the end of a session. It never brings back one that has ended meanwhile.
func (s Sessions) extend(ctx context.Context, session *Session) error {
	there, err := s.Set(ctx, session.ID, bson.D{{Key: "expires", Value: session.Expires}})
	if err == nil && !there {
		return token.Refused(errors.New("the session has ended"))
	}
	return err
}

// End ends a session; its tokens fall within a second. One that has ended already is no fault.
func (s Sessions) End(ctx context.Context, id string) error { return s.Delete(ctx, id) }
