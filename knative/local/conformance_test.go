package local_test

import (
	"os"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	driver "go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"onex.io/onex/knative/local/mongo"
	"onex.io/onex/shared/ledger/ledgertest"
	"onex.io/onex/shared/publish/publishtest"
	"onex.io/onex/shared/store/storetest"
)

// The product's suites hold on the embedded server as on the one that ONEX_TEST_MONGO names, if it names one.
func TestStoreConformance(t *testing.T) {
	for name, db := range databases(t) {
		t.Run(name, func(t *testing.T) {
			t.Run("store", func(t *testing.T) { storetest.Run(t, db) })
			t.Run("outbox", func(t *testing.T) { publishtest.Run(t, db) })
			t.Run("ledger", func(t *testing.T) { ledgertest.Run(t, db) })
		})
	}
}

func databases(t *testing.T) map[string]*driver.Database {
	t.Helper()
	embedded, err := mongo.Start(mongo.Options{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(embedded.Close)
	all := map[string]*driver.Database{"embedded": database(t, embedded.URI())}
	if uri := os.Getenv("ONEX_TEST_MONGO"); uri != "" {
		all["ONEX_TEST_MONGO"] = database(t, uri)
	}
	return all
}

func database(t *testing.T, uri string) *driver.Database {
	t.Helper()
	client, err := driver.Connect(options.Client().ApplyURI(uri).SetTimeout(30 * time.Second))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Disconnect(t.Context()) })
	return client.Database("suite-" + bson.NewObjectID().Hex())
}
