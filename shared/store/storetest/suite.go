// Package storetest is the conformance suite of shared/store: what the platform takes for granted of a server that
// speaks MongoDB's protocol. Run it against every server that the platform is to stand on.
package storetest

import (
	"context"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"

	"onex.io/onex/shared/fault"
	"onex.io/onex/shared/store"
)

type doc struct {
	ID      string    `bson:"_id"`
	Version int64     `bson:"version"`
	Key     string    `bson:"key"`
	N       int64     `bson:"n"`
	At      time.Time `bson:"at"`
	Tags    []string  `bson:"tags,omitempty"`
}

// Run runs the suite in db, which is the test's own.
func Run(t *testing.T, db *mongo.Database) {
	for name, test := range map[string]func(*testing.T, store.Collection[doc]){
		"a document comes back as it was kept":                   comesBack,
		"an id may be any text":                                  anyID,
		"a document that is not there is Missing":                missing,
		"an id or a unique key that is taken is Conflict":        taken,
		"put keeps a new document and replaces an old":           put,
		"set changes fields of what is there, and makes nothing": set,
		"swap replaces the version that was read, and no other":  swapped,
		"of many swaps of one version one wins":                  manySwaps,
		"delete forgets, and twice is no fault":                  deleted,
		"advance keeps the latest version, whatever comes after": advanced,
		"of many advances at once the latest stays":              manyAdvances,
		"delete-at forgets the version that was read alone":      deletedAt,
		"count counts by the values of a field":                  counted,
		"list reads what the filter selects":                     listed,
		"an index is made once and changes no list":              indexed,
		"insert-new adds what is not there, and no more":         insertNew,
		"of many inserts of one id one wins":                     manyInserts,
		"of many puts of one id none is a fault":                 manyPuts,
		"many batches at once keep every document once":          manyBatches,
		"a call that is given up is Busy":                        givenUp,
	} {
		t.Run(name, func(t *testing.T) { test(t, fresh(t, db)) })
	}
}

// fresh is a collection that no other test uses.
func fresh(t *testing.T, db *mongo.Database) store.Collection[doc] {
	t.Helper()
	c := store.In[doc](db, "suite-"+bson.NewObjectID().Hex())
	t.Cleanup(func() { _ = c.Raw().Drop(context.WithoutCancel(t.Context())) })
	return c
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wantKind(t *testing.T, what string, err error, want fault.Kind) {
	t.Helper()
	if err == nil || fault.KindOf(err) != want {
		t.Errorf("%s: got %v, want %s", what, err, want)
	}
}
