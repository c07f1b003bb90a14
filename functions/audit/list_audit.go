package audit

import (
	"context"
	"encoding/base64"
	"strconv"
	"strings"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	api "onex.io/onex/shared/api/audit"
	"onex.io/onex/shared/audit"
	"onex.io/onex/shared/fault"
	"onex.io/onex/shared/op"
	"onex.io/onex/shared/platform"
	"onex.io/onex/shared/store"
)

// listAudit shows an administrator what was decided.
type listAudit struct{ records lister }

type lister interface {
	// List reads what a filter selects.
	List(ctx context.Context, filter bson.D, opts ...options.Lister[options.FindOptions]) ([]audit.Record, error)
}

func newListAudit(p *platform.Platform) (op.RequestFunc[api.ListRequest, api.Records], error) {
	db, err := p.Mongo()
	if err != nil {
		return nil, err
	}
	return (&listAudit{records: store.In[audit.Record](db, collection)}).Handle, nil
}

// Handle reads one record more than the page has, to know whether there is a next one.
func (f *listAudit) Handle(ctx context.Context, in *api.ListRequest) (*api.Records, error) {
	filter, err := filterOf(in)
	if err != nil {
		return nil, err
	}
	latestFirst := options.Find().SetSort(bson.D{{Key: "at", Value: -1}, {Key: "_id", Value: -1}}).SetLimit(int64(in.Limit) + 1)
	found, err := f.records.List(ctx, filter, latestFirst)
	if err != nil {
		return nil, err
	}
	out := &api.Records{Records: []api.Record{}}
	if len(found) > in.Limit {
		found = found[:in.Limit]
		out.After = endOf(found[in.Limit-1])
	}
	for _, r := range found {
		r.At = r.At.UTC()
		out.Records = append(out.Records, api.Record(r))
	}
	return out, nil
}

func filterOf(in *api.ListRequest) (bson.D, error) {
	filter := bson.D{}
	for _, field := range []struct{ name, value string }{
		{"subject", in.Subject}, {"operation", in.Operation}, {"object", in.Object}, {"remote", in.Remote}, {"requestID", in.RequestID},
	} {
		if field.value != "" {
			filter = append(filter, bson.E{Key: field.name, Value: field.value})
		}
	}
	if in.Allowed != "" {
		filter = append(filter, bson.E{Key: "allowed", Value: in.Allowed == "true"})
	}
	at := bson.D{}
	if in.Since != 0 {
		at = append(at, bson.E{Key: "$gte", Value: time.Unix(in.Since, 0).UTC()})
	}
	if in.Until != 0 {
		at = append(at, bson.E{Key: "$lt", Value: time.Unix(in.Until, 0).UTC()})
	}
	if len(at) > 0 {
		filter = append(filter, bson.E{Key: "at", Value: at})
	}
	return before(filter, in.After)
}

// endOf names the last record of a page: its time in milliseconds, which is what the store keeps, and its id.
func endOf(r audit.Record) string {
	return base64.RawURLEncoding.EncodeToString([]byte(strconv.FormatInt(r.At.UnixMilli(), 10) + " " + r.ID))
}

// before goes on after the end of a page. Of records of one time, the id says which comes first.
func before(filter bson.D, end string) (bson.D, error) {
	if end == "" {
		return filter, nil
	}
	text, err := base64.RawURLEncoding.DecodeString(end)
	millis, id, ok := strings.Cut(string(text), " ")
	n, bad := strconv.ParseInt(millis, 10, 64)
	if err != nil || bad != nil || !ok {
		return nil, fault.Field("query.after", "is no end of a page")
	}
	at := time.UnixMilli(n).UTC()
	return append(filter, bson.E{Key: "$or", Value: bson.A{
		bson.D{{Key: "at", Value: bson.D{{Key: "$lt", Value: at}}}},
		bson.D{{Key: "at", Value: at}, {Key: "_id", Value: bson.D{{Key: "$lt", Value: id}}}},
	}}), nil
}
