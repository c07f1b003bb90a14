package local_test

import (
	"net/url"
	"os"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	driver "go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"onex.io/onex/knative/local/mongo"
	"onex.io/onex/shared/identity/identitytest"
	"onex.io/onex/shared/inventory/inventorytest"
	"onex.io/onex/shared/ledger/ledgertest"
	"onex.io/onex/shared/once/oncetest"
	"onex.io/onex/shared/policy/policytest"
	"onex.io/onex/shared/publish/publishtest"
	"onex.io/onex/shared/store/storetest"
)

// The product's suites hold on the embedded server as on the one that ONEX_TEST_MONGO names, if it names one.
func TestStoreConformance(t *testing.T) {
	embedded := start(t)
	for name, uri := range map[string]string{"embedded": embedded.URI(), "ONEX_TEST_MONGO": os.Getenv("ONEX_TEST_MONGO")} {
		if uri == "" {
			continue
		}
		t.Run(name, func(t *testing.T) {
			t.Run("store", func(t *testing.T) { storetest.Run(t, database(t, uri)) })
			t.Run("outbox", func(t *testing.T) { publishtest.Run(t, database(t, uri)) })
			t.Run("inventory", func(t *testing.T) { inventorytest.Run(t, database(t, uri)) })
			t.Run("identity", func(t *testing.T) { identitytest.Run(t, database(t, uri)) })
			t.Run("answers", func(t *testing.T) { oncetest.Run(t, database(t, uri)) })
			t.Run("policy", func(t *testing.T) { policytest.Run(t, database(t, uri)) })
			t.Run("ledger", func(t *testing.T) { ledgertest.Run(t, ledgertest.Server{URI: uri}) })
		})
	}
}

// Money needs no gate: no transaction, no lock, and no update that must not be lost.
func TestLedgerConformanceWithoutTheGate(t *testing.T) {
	ledgertest.Run(t, ledgertest.Server{URI: start(t).Bare()})
}

func TestLedgerConformanceWhereAnswersGetLost(t *testing.T) {
	behind, err := url.Parse(start(t).Bare())
	if err != nil {
		t.Fatal(err)
	}
	proxy := ledgertest.NewProxy(t, behind.Host, 37)
	ledgertest.Run(t, ledgertest.Server{URI: proxy.URI(), Lossy: true})
	if proxy.Cuts() < 10 {
		t.Errorf("only %d answers were lost", proxy.Cuts())
	}
}

func start(t *testing.T) *mongo.Server {
	t.Helper()
	embedded, err := mongo.Start(mongo.Options{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(embedded.Close)
	return embedded
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
