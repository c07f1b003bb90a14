// Package store keeps documents in MongoDB. It uses only what holds on MongoDB and on servers that speak its
// protocol without transactions: reading by exact _id, inserting under a unique key, replacing by _id.
package store

import (
	"context"
	"errors"
	"fmt"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"onex.io/onex/shared/fault"
)

// Collection holds documents of one type by their _id.
type Collection[T any] struct{ docs *mongo.Collection }

// In names a collection of db.
func In[T any](db *mongo.Database, name string) Collection[T] {
	return Collection[T]{docs: db.Collection(name)}
}

// Raw is the driver's collection, for what this package does not say.
func (c Collection[T]) Raw() *mongo.Collection { return c.docs }

// Index makes those indexes that are not there yet, each by its fields and their directions. What is there may take
// minutes to be indexed.
func (c Collection[T]) Index(ctx context.Context, indexes ...bson.D) error {
	for _, keys := range indexes { // one by one: the embedded server hangs up on several that are there
		if _, err := c.docs.Indexes().CreateOne(ctx, mongo.IndexModel{Keys: keys}); err != nil {
			return c.fault("index", "", err)
		}
	}
	return nil
}

// Get reads the document with this _id; Missing when there is none.
func (c Collection[T]) Get(ctx context.Context, id string) (*T, error) {
	var doc T
	if err := c.docs.FindOne(ctx, bson.D{{Key: "_id", Value: id}}).Decode(&doc); err != nil {
		return nil, c.fault("read", id, err)
	}
	return &doc, nil
}

// Insert keeps a new document; Conflict when its _id or another unique key is taken.
func (c Collection[T]) Insert(ctx context.Context, id string, doc *T) error {
	_, err := c.docs.InsertOne(ctx, doc)
	return c.fault("insert", id, err)
}

// Put keeps the document, whether or not one with its _id was there.
func (c Collection[T]) Put(ctx context.Context, id string, doc *T) error {
	_, err := c.docs.ReplaceOne(ctx, bson.D{{Key: "_id", Value: id}}, doc, options.Replace().SetUpsert(true))
	if mongo.IsDuplicateKeyError(err) { // two upserts at once: the other one was first
		_, err = c.docs.ReplaceOne(ctx, bson.D{{Key: "_id", Value: id}}, doc)
	}
	return c.fault("put", id, err)
}

// Set changes some fields of the document with this _id; false when there is none.
func (c Collection[T]) Set(ctx context.Context, id string, fields bson.D) (there bool, err error) {
	done, err := c.docs.UpdateOne(ctx, bson.D{{Key: "_id", Value: id}}, bson.D{{Key: "$set", Value: fields}})
	if err != nil {
		return false, c.fault("set", id, err)
	}
	return done.MatchedCount > 0, nil
}

// SetIf changes some fields of one document that filter selects; false when there is none.
func (c Collection[T]) SetIf(ctx context.Context, filter, fields bson.D) (there bool, err error) {
	done, err := c.docs.UpdateOne(ctx, filter, bson.D{{Key: "$set", Value: fields}})
	if err != nil {
		return false, c.fault("set", "", err)
	}
	return done.MatchedCount > 0, nil
}

// Increment adds one to a field of the document that filter selects, and reads it after; Missing when there is none. Of
// many at once, each is one.
func (c Collection[T]) Increment(ctx context.Context, filter bson.D, field string) (*T, error) {
	var doc T
	more := bson.D{{Key: "$inc", Value: bson.D{{Key: field, Value: 1}}}}
	if err := c.docs.FindOneAndUpdate(ctx, filter, more, options.FindOneAndUpdate().SetReturnDocument(options.After)).Decode(&doc); err != nil {
		return nil, c.fault("increment", "", err)
	}
	return &doc, nil
}

// Swap keeps the document in place of the one with this _id, if that is still of the version that was read, in the
// field "version"; otherwise it is Conflict.
func (c Collection[T]) Swap(ctx context.Context, id string, version int64, doc *T) error {
	done, err := c.docs.ReplaceOne(ctx, bson.D{{Key: "_id", Value: id}, {Key: "version", Value: version}}, doc)
	if err != nil {
		return c.fault("swap", id, err)
	}
	if done.MatchedCount == 0 {
		return fault.New(fault.Conflict, "Changed", "%s %q has changed meanwhile", c.docs.Name(), id)
	}
	return nil
}

// Advance keeps the document unless one is there that is of the same version or of a later one, in the field "version".
// Of those who come at the same time, the latest stays.
func (c Collection[T]) Advance(ctx context.Context, id string, version int64, doc *T) (kept bool, err error) {
	older := bson.D{{Key: "_id", Value: id}, {Key: "version", Value: bson.D{{Key: "$lt", Value: version}}}}
	done, err := c.docs.ReplaceOne(ctx, older, doc, options.Replace().SetUpsert(true))
	if mongo.IsDuplicateKeyError(err) { // one is there: a later one, or another that has just come
		done, err = c.docs.ReplaceOne(ctx, older, doc)
	}
	if err != nil {
		return false, c.fault("advance", id, err)
	}
	return done.MatchedCount+done.UpsertedCount > 0, nil
}

// DeleteAt forgets the document if it is still of that version, in the field "version".
func (c Collection[T]) DeleteAt(ctx context.Context, id string, version int64) error {
	_, err := c.docs.DeleteOne(ctx, bson.D{{Key: "_id", Value: id}, {Key: "version", Value: version}})
	return c.fault("delete", id, err)
}

// Delete forgets the document; one that is not there is no error.
func (c Collection[T]) Delete(ctx context.Context, id string) error {
	_, err := c.docs.DeleteOne(ctx, bson.D{{Key: "_id", Value: id}})
	return c.fault("delete", id, err)
}

// DeleteAll forgets every document that filter selects, and says how many those were. It scans.
func (c Collection[T]) DeleteAll(ctx context.Context, filter bson.D) (int64, error) {
	done, err := c.docs.DeleteMany(ctx, filter)
	if err != nil {
		return 0, c.fault("delete", "", err)
	}
	return done.DeletedCount, nil
}

// Total is how many documents filter selects. It scans.
func (c Collection[T]) Total(ctx context.Context, filter bson.D) (int64, error) {
	total, err := c.docs.CountDocuments(ctx, filter)
	return total, c.fault("count", "", err)
}

// List reads every document that filter selects. It scans: not for a hot path.
func (c Collection[T]) List(ctx context.Context, filter bson.D, opts ...options.Lister[options.FindOptions]) ([]T, error) {
	cursor, err := c.docs.Find(ctx, filter, opts...)
	if err != nil {
		return nil, c.fault("list", "", err)
	}
	var docs []T
	return docs, c.fault("list", "", cursor.All(ctx, &docs))
}

// Group is how many documents have a value.
type Group struct {
	Value string `bson:"_id"`
	Count int64  `bson:"count"`
}

// Count counts the documents that filter selects by the value of a field, in the order of the values. It scans.
func (c Collection[T]) Count(ctx context.Context, filter bson.D, field string) ([]Group, error) {
	cursor, err := c.docs.Aggregate(ctx, bson.A{
		bson.D{{Key: "$match", Value: filter}},
		bson.D{{Key: "$group", Value: bson.D{{Key: "_id", Value: "$" + field}, {Key: "count", Value: bson.D{{Key: "$sum", Value: 1}}}}}},
		bson.D{{Key: "$sort", Value: bson.D{{Key: "_id", Value: 1}}}},
	})
	if err != nil {
		return nil, c.fault("count", "", err)
	}
	var groups []Group
	return groups, c.fault("count", "", cursor.All(ctx, &groups))
}

// InsertNew inserts those documents that are not there yet, as a repeat of a batch must.
func (c Collection[T]) InsertNew(ctx context.Context, docs []T) error {
	if len(docs) == 0 {
		return nil
	}
	_, err := c.docs.InsertMany(ctx, docs, options.InsertMany().SetOrdered(false))
	if onlyDuplicates(err) {
		return nil
	}
	return c.fault("insert", "batch", err)
}

func onlyDuplicates(err error) bool {
	var bulk mongo.BulkWriteException
	if !errors.As(err, &bulk) || bulk.WriteConcernError != nil {
		return false
	}
	for _, e := range bulk.WriteErrors {
		if e.Code != 11000 {
			return false
		}
	}
	return len(bulk.WriteErrors) > 0
}

func (c Collection[T]) fault(verb, id string, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, mongo.ErrNoDocuments):
		return fault.New(fault.Missing, "NotFound", "%s %q is not there: %w", c.docs.Name(), id, err)
	case mongo.IsDuplicateKeyError(err):
		return fault.New(fault.Conflict, "AlreadyExists", "%s %q is there already: %w", c.docs.Name(), id, err)
	case away(err):
		return fault.New(fault.Busy, "StoreAway", "the store does not answer now: %w", fmt.Errorf("%s %s %q: %w", verb, c.docs.Name(), id, err))
	}
	return fmt.Errorf("%s %s %q: %w", verb, c.docs.Name(), id, err)
}

// away tells a store that did not answer, or was not waited for, from one that answered no.
func away(err error) bool {
	var cut interface{ Retryable() bool } // another call's connection broke, and all of them were given up with it
	return errors.As(err, &cut) && cut.Retryable() ||
		mongo.IsNetworkError(err) || mongo.IsTimeout(err) || errors.Is(err, context.DeadlineExceeded) ||
		errors.Is(err, context.Canceled) || errors.Is(err, mongo.ErrClientDisconnected)
}
