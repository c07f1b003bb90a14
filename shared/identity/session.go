package identity

import (
	"context"
	"crypto/rand"
	"errors"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
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

// Sessions is the store of sessions.
type Sessions struct{ store.Collection[Session] }

// NewSessions opens the sessions of db.
func NewSessions(db *mongo.Database) Sessions { return Sessions{store.In[Session](db, "sessions")} }

// Start keeps a new session of the user.
func (s Sessions) Start(ctx context.Context, userID string, now time.Time, life time.Duration) (*Session, error) {
	session := &Session{ID: rand.Text(), UserID: userID, CreatedAt: now.UTC(), Expires: now.Add(life).UTC()}
	return session, s.Insert(ctx, session.ID, session)
}

// Standing answers whether a session and its user still stand. The answer is kept in Redis for at most a second, so
// that ending a session, or disabling a user, works everywhere within that second and nobody has to be told.
type Standing struct {
	Users    reader[User]
	Sessions reader[Session]
	Cache    *redis.Client
	Now      func() time.Time
}

// reader reads by id; Missing when there is none.
type reader[T any] interface {
	Get(ctx context.Context, id string) (*T, error)
}

const standingLife = time.Second

// adminMark follows the userID of an administrator in the cache. No userID has a space in it.
const adminMark = " admin"

// Check says whether the user is an administrator. It refuses claims whose session has ended or whose user may not
// act. When neither Redis nor the store answers it is Busy: never open.
func (s Standing) Check(ctx context.Context, c token.Claims) (admin bool, err error) {
	key := "standing/" + c.Session
	kept, cached := s.Cache.Get(ctx, key).Result()
	if cached == nil {
		holder, admin := strings.CutSuffix(kept, adminMark)
		if holder != c.Subject {
			return false, token.Refused(errors.New("the session is somebody else's"))
		}
		return admin, nil
	}
	if admin, err = s.read(ctx, c); err != nil {
		return false, err
	}
	if errors.Is(cached, redis.Nil) { // a cache that is away costs time, but only once
		keep := c.Subject
		if admin {
			keep += adminMark
		}
		s.Cache.Set(ctx, key, keep, standingLife)
	}
	return admin, nil
}

func (s Standing) read(ctx context.Context, c token.Claims) (admin bool, err error) {
	session, err := s.Sessions.Get(ctx, c.Session)
	if err != nil {
		return false, refusedIfMissing(err)
	}
	user, err := s.Users.Get(ctx, c.Subject)
	if err != nil {
		return false, refusedIfMissing(err)
	}
	switch {
	case session.UserID != c.Subject:
		return false, token.Refused(errors.New("the session is somebody else's"))
	case !s.Now().Before(session.Expires):
		return false, token.Refused(errors.New("the session has expired"))
	case user.Status != Active:
		return false, token.Refused(errors.New("the user is " + string(user.Status)))
	}
	return user.Admin, nil
}

func refusedIfMissing(err error) error {
	if fault.KindOf(err) == fault.Missing {
		return token.Refused(err)
	}
	return err
}
