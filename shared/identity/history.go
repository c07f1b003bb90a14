package identity

import (
	"context"
	"crypto/rand"
	"fmt"
	"math"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"onex.io/onex/shared/store"
)

// LogIn is one log-in that was tried, whatever became of it.
type LogIn struct {
	ID      string    `bson:"_id"`
	UserID  string    `bson:"userID"`
	At      time.Time `bson:"at"`
	Client  Client    `bson:"client"`
	Agent   string    `bson:"agent"`   // what the client says it is
	Address string    `bson:"address"` // where it called from
	Result  Result    `bson:"result"`
}

// Result is what became of a log-in.
type Result string

// The results.
const (
	LoggedIn      Result = "ok"
	WrongPassword Result = "wrong-password"
	TooManyTries  Result = "too-many-tries"
	MayNot        Result = "not-allowed" // the status of the user does not let anybody in
)

// History is the store of log-ins.
type History struct{ store.Collection[LogIn] }

// NewHistory opens the history of db.
func NewHistory(db *mongo.Database) History { return History{store.In[LogIn](db, "logins")} }

// Keep keeps a log-in. Its id is the user and then the time, turned so that the newest come first: a user's log-ins
// are a range of ids, which every store can read without an index more.
func (h History) Keep(ctx context.Context, l LogIn) error {
	l.At = l.At.UTC()
	l.ID = fmt.Sprintf("%s/%016x/%s", l.UserID, uint64(math.MaxInt64-l.At.UnixMilli()), rand.Text())
	return h.Insert(ctx, l.ID, &l)
}

func ofUser(userID string) bson.D {
	return bson.D{{Key: "_id", Value: bson.D{{Key: "$gt", Value: userID + "/"}, {Key: "$lt", Value: userID + "0"}}}} // 0 follows /
}

// Page lists the user's log-ins, newest first, and counts all of them.
func (h History) Page(ctx context.Context, userID string, limit, offset int64) (page []LogIn, total int64, err error) {
	if total, err = h.Total(ctx, ofUser(userID)); err != nil {
		return nil, 0, err
	}
	page, err = h.List(ctx, ofUser(userID), options.Find().SetSort(bson.D{{Key: "_id", Value: 1}}).SetLimit(limit).SetSkip(offset))
	return page, total, err
}

// Forget forgets the log-ins of a user who leaves.
func (h History) Forget(ctx context.Context, userID string) error {
	_, err := h.DeleteAll(ctx, ofUser(userID))
	return err
}

// Sweep forgets what is older than the moment. It scans.
func (h History) Sweep(ctx context.Context, before time.Time) error {
	_, err := h.DeleteAll(ctx, bson.D{{Key: "at", Value: bson.D{{Key: "$lt", Value: before.UTC()}}}})
	return err
}
