package audit

import (
	"context"
	"log/slog"
	"sync"

	cloudevents "github.com/cloudevents/sdk-go/v2"
	"go.mongodb.org/mongo-driver/v2/bson"

	"onex.io/onex/eventing"
	"onex.io/onex/shared/audit"
	"onex.io/onex/shared/op"
	"onex.io/onex/shared/platform"
	"onex.io/onex/shared/store"
)

// storeAudit keeps records. The event is the fact here; its sender is known by the topic's credentials.
type storeAudit struct {
	records records
	log     *slog.Logger
	indexed sync.Once
}

type records interface {
	// InsertNew keeps the records that are not kept yet.
	InsertNew(ctx context.Context, batch []audit.Record) error
	// Index makes the indexes that are not there.
	Index(ctx context.Context, indexes ...bson.D) error
}

func newStoreAudit(p *platform.Platform) (op.BatchFunc, error) {
	db, err := p.Mongo()
	if err != nil {
		return nil, err
	}
	return (&storeAudit{records: store.In[audit.Record](db, collection), log: p.Log}).Handle, nil
}

// Handle keeps each record under the id that was made with the decision, so that a batch that comes again adds
// nothing. What is no record can never become one: it is logged and passed over.
func (f *storeAudit) Handle(ctx context.Context, batch []cloudevents.Event) error {
	kept := make([]audit.Record, 0, len(batch))
	for _, e := range batch {
		var r audit.Record
		if err := e.DataAs(&r); err != nil || e.Type() != eventing.AccessDecided || r.ID == "" {
			f.log.WarnContext(ctx, "not an audit record", "event", e.ID(), "type", e.Type(), "error", err)
			continue
		}
		kept = append(kept, r)
	}
	f.indexed.Do(func() { f.index(ctx) })
	return f.records.InsertNew(ctx, kept)
}

// index saves time to who lists records. Without, they are kept and listed all the same.
func (f *storeAudit) index(ctx context.Context) {
	if err := f.records.Index(ctx, indexes()...); err != nil {
		f.log.WarnContext(ctx, "records are listed without an index", "error", err)
	}
}

// indexes are for the lists that are asked for: the latest of all and of a user, and the one of a request that somebody
// complains of. Other filters look through the latest, or through the time that is asked about.
func indexes() []bson.D {
	return []bson.D{
		{{Key: "at", Value: -1}, {Key: "_id", Value: -1}},
		{{Key: "subject", Value: 1}, {Key: "at", Value: -1}, {Key: "_id", Value: -1}},
		{{Key: "requestID", Value: 1}},
	}
}

// collection is where the records are.
const collection = "audit"
