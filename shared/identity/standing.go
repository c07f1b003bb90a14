package identity

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"onex.io/onex/shared/fault"
	"onex.io/onex/shared/limit"
	"onex.io/onex/shared/seal"
	"onex.io/onex/shared/token"
	"onex.io/onex/shared/trip"
)

// Standing answers whether what a token rests on still stands: its session or its key, and its user. The answer is
// kept in Redis for at most a second, so that ending a session, disabling a key or a user, works everywhere within
// that second and nobody has to be told. When neither Redis nor the store answers it is Busy: never open.
type Standing struct {
	Users    reader[User]
	Sessions reader[Session]
	Secrets  secrets
	Cache    *redis.Client
	// Limits bound how often a user may ask; nil for not at all.
	Limits *limit.Buckets
	Now    func() time.Time
}

// reader reads by id; Missing when there is none.
type reader[T any] interface {
	Get(ctx context.Context, id string) (*T, error)
}

type secrets interface {
	// Find is Missing when no user has a secret of this id.
	Find(ctx context.Context, secretID string) (userID string, s *Secret, err error)
}

// standingLife is the second that is promised, less what a clock may be late and a call may take.
const standingLife = 900 * time.Millisecond

// In the cache, these follow the userID, which has no space in it: the mark of an administrator, and the round of the
// session's refresh token, if it is not the first.
const (
	adminMark = " admin"
	roundMark = " round "
)

// Session refuses claims whose session has ended or whose user may not act. It says whether the user is an
// administrator, and whether the claims are those of a refresh token that has bought its pair already.
func (s Standing) Session(ctx context.Context, c token.Claims) (admin, spent bool, err error) {
	kept, taken, err := s.remembered(ctx, c.Subject, "standing/"+c.Session, func() (string, error) { return s.readSession(ctx, c) })
	defer func() { s.giveBack(ctx, taken, err) }()
	if err != nil {
		return false, false, err
	}
	kept, number, _ := strings.Cut(kept, roundMark)
	round, _ := strconv.ParseInt(number, 10, 64)
	holder, admin := strings.CutSuffix(kept, adminMark)
	if holder != c.Subject {
		return false, false, token.Refused(errors.New("the session is somebody else's"))
	}
	return admin, c.Kind == token.Refresh && c.Round < round, nil
}

func (s Standing) readSession(ctx context.Context, c token.Claims) (string, error) {
	session, err := s.Sessions.Get(ctx, c.Session)
	if err != nil {
		return "", refusedIfMissing(err)
	}
	if !s.Now().Before(session.Expires) {
		return "", token.Refused(errors.New("the session has expired"))
	}
	user, err := s.activeUser(ctx, session.UserID)
	if err != nil {
		return "", err
	}
	if session.Epoch != user.Epoch {
		return "", token.Refused(errors.New("the user's sessions have ended"))
	}
	found := user.ID
	if user.Admin {
		found += adminMark
	}
	if session.Round > 0 {
		found += roundMark + strconv.FormatInt(session.Round, 10)
	}
	return found, nil
}

func (s Standing) activeUser(ctx context.Context, id string) (*User, error) {
	user, err := s.Users.Get(ctx, id)
	if err != nil {
		return nil, refusedIfMissing(err)
	}
	if user.Status != Active {
		return nil, token.Refused(errors.New("the user is " + string(user.Status)))
	}
	return user, nil
}

// Key is a user's secret key as its signatures are judged by: still sealed, also in the cache.
type Key struct {
	UserID  string      `json:"userID"`
	Admin   bool        `json:"admin,omitempty"`
	Expires int64       `json:"expires,omitempty"` // unix seconds; 0: never
	Sealed  seal.Sealed `json:"sealed"`
}

// Key refuses a secret that is not there, has expired or is disabled, or whose user may not act. Holder is the user for
// whom a token of the limit is taken; empty where nobody has proved to be one.
func (s Standing) Key(ctx context.Context, holder, secretID string) (found *Key, err error) {
	if len(secretID) != secretIDLength {
		return nil, token.Refused(errors.New("the token names no secret key")) // and nobody has to look for it
	}
	kept, taken, err := s.remembered(ctx, holder, "standing/key/"+secretID, func() (string, error) { return s.readKey(ctx, secretID) })
	defer func() { s.giveBack(ctx, taken, err) }()
	if err != nil {
		return nil, err
	}
	var key Key
	if err := json.Unmarshal([]byte(kept), &key); err != nil {
		return nil, token.Refused(fmt.Errorf("secret %q: %w", secretID, err))
	}
	if key.Expires != 0 && s.Now().Unix() >= key.Expires {
		return nil, token.Refused(fmt.Errorf("secret %q has expired", secretID))
	}
	return &key, nil
}

func (s Standing) readKey(ctx context.Context, secretID string) (string, error) {
	userID, secret, err := s.Secrets.Find(ctx, secretID)
	if err != nil {
		return "", refusedIfMissing(err)
	}
	if secret.Status != SecretActive {
		return "", token.Refused(fmt.Errorf("secret %q is disabled", secretID))
	}
	user, err := s.activeUser(ctx, userID)
	if err != nil {
		return "", err
	}
	text, err := json.Marshal(Key{UserID: user.ID, Admin: user.Admin, Expires: secret.Expires, Sealed: secret.Key})
	return string(text), err
}

// remembered is what look has found, at most a second ago. Refusals are not remembered. What else the request asks of
// Redis travels along, and a token of the limit is taken for the user, if the caller has proved to be one.
func (s Standing) remembered(ctx context.Context, userID, key string, look func() (string, error)) (kept string, taken *limit.Asked, err error) {
	ctx = trip.With(ctx)
	trip.Board(ctx, func(pipe redis.Pipeliner, userID string) { taken = s.Limits.Ask(ctx, pipe, userID) })
	kept, cached := trip.Get(ctx, s.Cache, userID, key)
	if err := s.Limits.Settle(ctx, taken); err != nil {
		return "", nil, err
	}
	if cached != nil {
		kept, err = s.lookUp(ctx, key, cached, look)
	}
	return kept, taken, err
}

// giveBack gives back what was taken for a user whose token has ended: who has stolen it could spend it all.
func (s Standing) giveBack(ctx context.Context, taken *limit.Asked, err error) {
	if err != nil && fault.KindOf(err) == fault.Unauthenticated {
		s.Limits.Return(ctx, taken)
	}
}

func (s Standing) lookUp(ctx context.Context, key string, cached error, look func() (string, error)) (string, error) {
	began := s.Now()
	found, err := look()
	if err != nil {
		return "", err
	}
	// The second begins before the look. A cache that is away costs time, but only once.
	if left := standingLife - s.Now().Sub(began); left >= time.Millisecond && errors.Is(cached, redis.Nil) {
		s.Cache.Set(ctx, key, found, left)
	}
	return found, nil
}

func refusedIfMissing(err error) error {
	if fault.KindOf(err) == fault.Missing {
		return token.Refused(err)
	}
	return err
}
