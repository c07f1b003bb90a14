// Package once keeps what was answered to requests that their callers gave a key, so that a request that comes again is
// answered again and not done again. It uses what holds on any store: one insert of an id wins.
package once

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/json"
	"fmt"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"

	"onex.io/onex/shared/fault"
	"onex.io/onex/shared/seal"
	"onex.io/onex/shared/store"
)

// Life is how long an answer is kept.
const Life = 24 * time.Hour

// The reasons of a refusal.
const (
	// InFlight is of a request that is being answered now.
	InFlight = "RequestInFlight"
	// Reused is of another request under the same key.
	Reused = "IdempotencyKeyReused"
	// Unknown is of a request whose answerer has gone without a word: it may be done or not.
	Unknown = "OutcomeUnknown"
)

// Answer is what was answered.
type Answer struct {
	Status int    `json:"status"`
	Type   string `json:"type"` // of the body's content
	Body   []byte `json:"body"`
}

// request is one request. What it asked and what it was answered may hold secrets, a password or a new key, and their
// digests could be guessed at: both are sealed.
type request struct {
	ID      string       `bson:"_id"`
	Version int64        `bson:"version"` // counts those who had the id, a life after the one before
	Owner   string       `bson:"owner"`   // who began
	Begun   time.Time    `bson:"begun"`
	Expires time.Time    `bson:"expires"`
	Asked   seal.Sealed  `bson:"asked"`
	Guesses int64        `bson:"guesses,omitempty"` // that were counted
	Answer  *seal.Sealed `bson:"answer,omitempty"`  // nil until there is one
}

// Answers are the kept ones. They are safe for concurrent use.
type Answers struct {
	docs store.Collection[request]
	box  *seal.Box
	// patience is longer than any request can take: who has not answered by then is dead.
	patience time.Duration
	now      func() time.Time
}

// Open keeps answers in db, sealed with box. Patience is how long a request can take at most.
func Open(db *mongo.Database, box *seal.Box, patience time.Duration, now func() time.Time) *Answers {
	return &Answers{docs: store.In[request](db, collection), box: box, patience: patience, now: now}
}

const collection = "answers"

// Begin is to be called before a request is done; asked is whatever tells it from another. Without an answer and without
// an error it is the caller's to do, and nobody else's until it has called Keep or Release.
func (a *Answers) Begin(ctx context.Context, id string, asked []byte) (*Answer, error) {
	sealed, err := a.box.Seal(asked, "asked/"+id)
	if err != nil {
		return nil, err
	}
	now := a.now().UTC()
	mine := &request{ID: id, Version: 1, Owner: rand.Text(), Begun: now, Expires: now.Add(Life), Asked: sealed}
	if err := a.docs.Insert(ctx, id, mine); fault.KindOf(err) != fault.Conflict {
		return nil, wrapped(err)
	}
	there, err := a.docs.Get(ctx, id)
	switch {
	case fault.KindOf(err) == fault.Missing && err != nil:
		return nil, inFlight() // given back this moment
	case err != nil:
		return nil, err
	case there.Owner == mine.Owner:
		return nil, nil // the driver asked twice, and the first time was heard
	case !now.Before(there.Expires):
		return nil, a.succeed(ctx, there, mine)
	}
	return a.read(there, asked)
}

// mostGuesses are more than a caller needs who asks again every second, and fewer than log-ins may fail in a day.
const mostGuesses = 100

// Guess is to be called before Begin where no token says who asks: whoever knows a key could else try passwords at the
// request that came with it, and would be told which is right. It is counted before anything is looked at.
func (a *Answers) Guess(ctx context.Context, id string) error {
	there, err := a.docs.Increment(ctx, bson.D{{Key: "_id", Value: id}, {Key: "expires", Value: bson.D{{Key: "$gt", Value: a.now().UTC()}}}}, "guesses")
	switch {
	case err != nil && fault.KindOf(err) == fault.Missing:
		return nil // the first who has the key
	case err != nil:
		return wrapped(err)
	case there.Guesses > mostGuesses:
		return fault.New(fault.Invalid, Reused, "the key was used too often: a new request needs a new key")
	}
	return nil
}

// wrapped is err, and no error if it is none: a *fault.Error that is nil would be one.
func wrapped(err error) error {
	if err != nil {
		return fmt.Errorf("idempotency key: %w", err)
	}
	return nil
}

// succeed takes the place of a request that is too old to be remembered. Of those who try, one does.
func (a *Answers) succeed(ctx context.Context, old, mine *request) error {
	mine.Version = old.Version + 1
	err := a.docs.Swap(ctx, mine.ID, old.Version, mine)
	if fault.KindOf(err) == fault.Conflict && err != nil {
		return inFlight()
	}
	return err
}

// read is what was answered to a request that is there.
func (a *Answers) read(there *request, asked []byte) (*Answer, error) {
	before, err := a.box.Open(there.Asked, "asked/"+there.ID)
	switch {
	case err != nil: // the platform's key was replaced: nobody can tell any more
		return nil, unknown(err)
	case subtle.ConstantTimeCompare(before, asked) != 1:
		return nil, fault.New(fault.Invalid, Reused, "the key was given to another request: a new request needs a new key")
	case there.Answer != nil:
		return a.open(there)
	case a.now().Before(there.Begun.Add(a.patience)):
		return nil, inFlight()
	}
	return nil, unknown(fmt.Errorf("%s was begun at %s", there.ID, there.Begun))
}

func (a *Answers) open(there *request) (*Answer, error) {
	text, err := a.box.Open(*there.Answer, "answer/"+there.ID)
	if err != nil {
		return nil, unknown(err)
	}
	answer := new(Answer)
	if err := json.Unmarshal(text, answer); err != nil {
		return nil, fmt.Errorf("answer %q: %w", there.ID, err)
	}
	return answer, nil
}

func inFlight() error {
	return fault.New(fault.Conflict, InFlight, "the request with this key is being answered: ask again in a moment")
}

func unknown(cause error) error {
	return fault.New(fault.Conflict, Unknown, "nobody knows what became of the request with this key: look, and use a new key: %w", cause)
}

// Keep keeps the answer of a request that was begun.
func (a *Answers) Keep(ctx context.Context, id string, answer Answer) error {
	text, err := json.Marshal(answer)
	if err != nil {
		return fmt.Errorf("answer %q: %w", id, err)
	}
	sealed, err := a.box.Seal(text, "answer/"+id)
	if err != nil {
		return err
	}
	_, err = a.docs.Set(ctx, id, bson.D{{Key: "answer", Value: sealed}})
	return err
}

// Release gives a request back that was begun and not done: it may be asked again.
func (a *Answers) Release(ctx context.Context, id string) error { return a.docs.Delete(ctx, id) }

// late is by how much the clocks of two machines may differ: until then, who takes an old request's place finds it.
const late = time.Hour

// Sweep forgets the answers whose life is over, and says how many. MongoDB could do it by an index, which the embedded
// server cannot.
func Sweep(ctx context.Context, db *mongo.Database, now time.Time) (int64, error) {
	old := bson.D{{Key: "expires", Value: bson.D{{Key: "$lt", Value: now.Add(-late).UTC()}}}}
	done, err := db.Collection(collection).DeleteMany(ctx, old)
	if err != nil {
		return 0, fault.New(fault.Busy, "StoreAway", "the store does not answer now: %w", err)
	}
	return done.DeletedCount, nil
}
