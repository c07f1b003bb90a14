package audit

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	api "onex.io/onex/shared/api/audit"
	"onex.io/onex/shared/audit"
	"onex.io/onex/shared/fault"
)

// pages notes what it is asked for and gives what it has. How a store selects is told by the suite on real servers.
type pages struct {
	asked bson.D
	order bson.D
	have  []audit.Record
	err   error
}

func (s *pages) List(_ context.Context, filter bson.D, opts ...options.Lister[options.FindOptions]) ([]audit.Record, error) {
	s.asked = filter
	var o options.FindOptions
	for _, opt := range opts {
		for _, set := range opt.List() {
			if err := set(&o); err != nil {
				return nil, err
			}
		}
	}
	s.order, _ = o.Sort.(bson.D)
	return s.have, s.err
}

func TestWhatIsAskedForIsSelected(t *testing.T) {
	noon := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	for _, row := range []struct {
		name string
		in   api.ListRequest
		want bson.D
	}{
		{"everything", api.ListRequest{}, bson.D{}},
		{"of a user", api.ListRequest{Subject: "user-a"}, bson.D{{Key: "subject", Value: "user-a"}}},
		{"what was refused", api.ListRequest{Allowed: "false"}, bson.D{{Key: "allowed", Value: false}}},
		{"what was allowed, of an operation, from an address", api.ListRequest{Allowed: "true", Operation: "login", Remote: "203.0.113.7"},
			bson.D{{Key: "operation", Value: "login"}, {Key: "remote", Value: "203.0.113.7"}, {Key: "allowed", Value: true}}},
		{"of a time", api.ListRequest{Since: noon.Unix(), Until: noon.Unix() + 60},
			bson.D{{Key: "at", Value: bson.D{{Key: "$gte", Value: noon}, {Key: "$lt", Value: noon.Add(time.Minute)}}}}},
	} {
		s := &pages{}
		got, err := (&listAudit{records: s}).Handle(t.Context(), &row.in)
		if diff := cmp.Diff(row.want, s.asked); diff != "" || err != nil || got.Records == nil || got.After != "" {
			t.Errorf("%s: %+v, %v (-want +got)\n%s", row.name, got, err, diff)
		}
	}
}

func TestAPageGoesOnWhereTheLastOneEnded(t *testing.T) {
	noon := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	s := &pages{have: []audit.Record{{ID: "c", At: noon, Rule: "r"}, {ID: "b", At: noon}, {ID: "a", At: noon}}}
	page, err := (&listAudit{records: s}).Handle(t.Context(), &api.ListRequest{Limit: 2})
	if err != nil || len(page.Records) != 2 || page.Records[0].ID != "c" || page.Records[0].Rule != "r" || page.After == "" {
		t.Fatalf("%+v, %v", page, err)
	}
	if _, err = (&listAudit{records: s}).Handle(t.Context(), &api.ListRequest{Limit: 2, After: page.After}); err != nil {
		t.Fatal(err)
	}
	want := bson.D{{Key: "$or", Value: bson.A{
		bson.D{{Key: "at", Value: bson.D{{Key: "$lt", Value: noon}}}},
		bson.D{{Key: "at", Value: noon}, {Key: "_id", Value: bson.D{{Key: "$lt", Value: "b"}}}},
	}}}
	if diff := cmp.Diff(want, s.asked); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	for _, bad := range []string{"!", "YQ", "YSBi"} {
		_, err := (&listAudit{records: s}).Handle(t.Context(), &api.ListRequest{Limit: 2, After: bad})
		if fault.KindOf(err) != fault.Invalid || err == nil {
			t.Errorf("page end %q: %v", bad, err)
		}
	}
}
