package storetest

import (
	"context"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"onex.io/onex/shared/fault"
	"onex.io/onex/shared/store"
)

func comesBack(t *testing.T, c store.Collection[doc]) {
	want := doc{ID: "a", Key: "k", N: 1<<63 - 1, At: time.Date(2026, 11, 20, 12, 0, 0, 123e6, time.UTC), Tags: []string{"x", ""}}
	must(t, c.Insert(t.Context(), want.ID, &want))
	got, err := c.Get(t.Context(), "a")
	must(t, err)
	got.At = got.At.UTC()
	if !reflect.DeepEqual(*got, want) {
		t.Errorf("got %+v, want %+v", *got, want)
	}
}

func anyID(t *testing.T, c store.Collection[doc]) {
	ids := []string{"user-a/1", "/users\x00user-a", "{\"$gt\": \"\"}", "$where", "a.b", "ünï", "'; --", strings.Repeat("x", 900)}
	for _, id := range ids {
		must(t, c.Insert(t.Context(), id, &doc{ID: id, Key: id}))
	}
	for _, id := range ids {
		got, err := c.Get(t.Context(), id)
		must(t, err)
		if got.ID != id || got.Key != id {
			t.Errorf("%q came back as %q, %q", id, got.ID, got.Key)
		}
	}
}

func missing(t *testing.T, c store.Collection[doc]) {
	must(t, c.Insert(t.Context(), "a", &doc{ID: "a"}))
	for _, id := range []string{"b", "", "A", "a ", "a/1"} {
		_, err := c.Get(t.Context(), id)
		wantKind(t, "get "+id, err, fault.Missing)
	}
}

func taken(t *testing.T, c store.Collection[doc]) {
	_, err := c.Raw().Indexes().CreateOne(t.Context(), mongo.IndexModel{
		Keys: bson.D{{Key: "key", Value: 1}}, Options: options.Index().SetUnique(true),
	})
	must(t, err)
	must(t, c.Insert(t.Context(), "a", &doc{ID: "a", Key: "k", N: 1}))
	wantKind(t, "the id again", c.Insert(t.Context(), "a", &doc{ID: "a", Key: "l", N: 2}), fault.Conflict)
	wantKind(t, "the key again", c.Insert(t.Context(), "b", &doc{ID: "b", Key: "k", N: 2}), fault.Conflict)
	if _, err := c.Get(t.Context(), "b"); fault.KindOf(err) != fault.Missing {
		t.Errorf("the refused document is there: %v", err)
	}
	if got, err := c.Get(t.Context(), "a"); err != nil || got.N != 1 {
		t.Errorf("the document that was there has become %+v, %v", got, err)
	}
}

// Indexes only save time: the same is read with them, in the same order.
func indexed(t *testing.T, c store.Collection[doc]) {
	for i, id := range []string{"a", "b", "c", "d"} {
		must(t, c.Insert(t.Context(), id, &doc{ID: id, Key: []string{"k", "l"}[i%2], N: int64(i / 2)}))
	}
	for range 2 { // repeated
		must(t, c.Index(t.Context(), bson.D{{Key: "n", Value: -1}, {Key: "_id", Value: -1}}, bson.D{{Key: "key", Value: 1}, {Key: "n", Value: -1}}))
	}
	made, err := c.Raw().Indexes().ListSpecifications(t.Context())
	must(t, err)
	if len(made) != 3 { // one is of the ids
		t.Errorf("there are %d indexes, want 3", len(made))
	}
	for key, want := range map[string]string{"k": "ca", "l": "db"} {
		docs, err := c.List(t.Context(), bson.D{{Key: "key", Value: key}}, options.Find().SetSort(bson.D{{Key: "n", Value: -1}}))
		must(t, err)
		got := ""
		for _, d := range docs {
			got += d.ID
		}
		if got != want {
			t.Errorf("of %s: %s, want %s", key, got, want)
		}
	}
}

func put(t *testing.T, c store.Collection[doc]) {
	must(t, c.Put(t.Context(), "a", &doc{ID: "a", N: 1, Tags: []string{"x"}}))
	must(t, c.Put(t.Context(), "a", &doc{ID: "a", N: 2}))
	must(t, c.Put(t.Context(), "b", &doc{ID: "b", N: 3}))
	got, err := c.Get(t.Context(), "a")
	must(t, err)
	if got.N != 2 || got.Tags != nil {
		t.Errorf("got %+v, want the second document whole", got)
	}
}

func set(t *testing.T, c store.Collection[doc]) {
	must(t, c.Insert(t.Context(), "a", &doc{ID: "a", N: 1, Key: "k"}))
	for range 2 { // repeated
		there, err := c.Set(t.Context(), "a", bson.D{{Key: "n", Value: int64(2)}})
		must(t, err)
		if !there {
			t.Error("what is there is not")
		}
	}
	if got, err := c.Get(t.Context(), "a"); err != nil || got.N != 2 || got.Key != "k" {
		t.Errorf("got %+v, %v", got, err)
	}
	there, err := c.Set(t.Context(), "b", bson.D{{Key: "n", Value: int64(2)}})
	must(t, err)
	if there {
		t.Error("what is not there is")
	}
	_, err = c.Get(t.Context(), "b")
	wantKind(t, "what was not there", err, fault.Missing)
}

func swapped(t *testing.T, c store.Collection[doc]) {
	must(t, c.Insert(t.Context(), "a", &doc{ID: "a", Version: 1, N: 1}))
	must(t, c.Swap(t.Context(), "a", 1, &doc{ID: "a", Version: 2, N: 2}))
	wantKind(t, "the old version", c.Swap(t.Context(), "a", 1, &doc{ID: "a", Version: 2, N: 3}), fault.Conflict)
	wantKind(t, "what is not there", c.Swap(t.Context(), "b", 0, &doc{ID: "b"}), fault.Conflict)
	if got, err := c.Get(t.Context(), "a"); err != nil || got.N != 2 || got.Version != 2 {
		t.Errorf("got %+v, %v", got, err)
	}
	_, err := c.Get(t.Context(), "b")
	wantKind(t, "what was not there", err, fault.Missing)
}

func deleted(t *testing.T, c store.Collection[doc]) {
	must(t, c.Insert(t.Context(), "a", &doc{ID: "a"}))
	must(t, c.Insert(t.Context(), "b", &doc{ID: "b"}))
	must(t, c.Delete(t.Context(), "a"))
	must(t, c.Delete(t.Context(), "a"))
	_, err := c.Get(t.Context(), "a")
	wantKind(t, "what was deleted", err, fault.Missing)
	if _, err := c.Get(t.Context(), "b"); err != nil {
		t.Errorf("its neighbor is gone: %v", err)
	}
}

func listed(t *testing.T, c store.Collection[doc]) {
	for i, id := range []string{"a", "b", "c"} {
		must(t, c.Insert(t.Context(), id, &doc{ID: id, Key: id[:1], N: int64(i % 2)}))
	}
	for _, row := range []struct {
		name   string
		filter bson.D
		want   []string
	}{
		{"all", bson.D{}, []string{"a", "b", "c"}},
		{"by one field", bson.D{{Key: "n", Value: 0}}, []string{"a", "c"}},
		{"by two fields", bson.D{{Key: "n", Value: 0}, {Key: "key", Value: "c"}}, []string{"c"}},
		{"none", bson.D{{Key: "key", Value: "z"}}, nil},
	} {
		docs, err := c.List(t.Context(), row.filter)
		must(t, err)
		var got []string
		for _, d := range docs {
			got = append(got, d.ID)
		}
		slices.Sort(got)
		if !slices.Equal(got, row.want) {
			t.Errorf("%s: got %v, want %v", row.name, got, row.want)
		}
	}
}

// A caller who has hung up, or run out of time, is no fault of the platform.
func givenUp(t *testing.T, c store.Collection[doc]) {
	for name, give := range map[string]func() (context.Context, context.CancelFunc){
		"canceled": func() (context.Context, context.CancelFunc) {
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			return ctx, cancel
		},
		"out of time": func() (context.Context, context.CancelFunc) { return context.WithTimeout(t.Context(), -time.Second) },
	} {
		ctx, cancel := give()
		defer cancel()
		_, err := c.Get(ctx, "a")
		wantKind(t, "get, "+name, err, fault.Busy)
		wantKind(t, "insert, "+name, c.Insert(ctx, "a", &doc{ID: "a"}), fault.Busy)
		wantKind(t, "put, "+name, c.Put(ctx, "a", &doc{ID: "a"}), fault.Busy)
		wantKind(t, "delete, "+name, c.Delete(ctx, "a"), fault.Busy)
		_, err = c.List(ctx, bson.D{})
		wantKind(t, "list, "+name, err, fault.Busy)
		wantKind(t, "insert-new, "+name, c.InsertNew(ctx, []doc{{ID: "a"}}), fault.Busy)
	}
}
