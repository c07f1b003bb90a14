package store_test

import (
	"context"
	"net"
	"strings"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"onex.io/onex/shared/fault"
	"onex.io/onex/shared/store"
)

type thing struct {
	ID string `bson:"_id"`
}

// silent accepts connections and never says a word, as a store does that hangs.
func silent(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l.Addr().String()
}

// The suite of storetest runs against real servers; here there is none.
func TestAStoreThatIsAwayIsBusyAndSaysNothingOfItself(t *testing.T) {
	for name, address := range map[string]string{"nobody listens": "127.0.0.1:1", "somebody is silent": silent(t)} {
		client, err := mongo.Connect(options.Client().ApplyURI("mongodb://" + address).
			SetServerSelectionTimeout(300 * time.Millisecond).SetTimeout(300 * time.Millisecond))
		if err != nil {
			t.Fatal(err)
		}
		defer client.Disconnect(context.WithoutCancel(t.Context()))
		things := store.In[thing](client.Database("onex"), "things")
		for verb, call := range map[string]func() error{
			"get":        func() error { _, err := things.Get(t.Context(), "a"); return err },
			"insert":     func() error { return things.Insert(t.Context(), "a", &thing{ID: "a"}) },
			"put":        func() error { return things.Put(t.Context(), "a", &thing{ID: "a"}) },
			"delete":     func() error { return things.Delete(t.Context(), "a") },
			"list":       func() error { _, err := things.List(t.Context(), bson.D{}); return err },
			"insert-new": func() error { return things.InsertNew(t.Context(), []thing{{ID: "a"}}) },
		} {
			err := call()
			if err == nil || fault.KindOf(err) != fault.Busy || fault.ReasonOf(err) != "StoreAway" {
				t.Errorf("%s, %s: got %v", verb, name, err)
			}
			if strings.Contains(fault.Of(err).Message, "127.0.0.1") {
				t.Errorf("%s, %s: the caller learns %q", verb, name, fault.Of(err).Message)
			}
		}
		if err := things.InsertNew(t.Context(), nil); err != nil {
			t.Errorf("nothing to insert, %s: %v", name, err)
		}
	}
}
