package audit

import (
	"context"
	"log/slog"

	cloudevents "github.com/cloudevents/sdk-go/v2"

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
}

type records interface {
	// InsertNew keeps the records that are not kept yet.
	InsertNew(ctx context.Context, batch []audit.Record) error
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
	return f.records.InsertNew(ctx, kept)
}

// collection is where the records are.
const collection = "audit"
