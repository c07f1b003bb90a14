package ledger_test

import (
	"context"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"onex.io/onex/shared/fault"
	"onex.io/onex/shared/ledger"
)

// The suite of ledgertest runs against real servers; here there is none.
func TestALedgerWhoseStoreIsAwayIsBusy(t *testing.T) {
	client, err := mongo.Connect(options.Client().ApplyURI("mongodb://127.0.0.1:1").SetServerSelectionTimeout(200 * time.Millisecond))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Disconnect(context.WithoutCancel(t.Context()))
	if _, err := ledger.Open(t.Context(), client.Database("onex"), time.Now); err == nil || fault.KindOf(err) != fault.Busy {
		t.Errorf("got %v", err)
	}
}

func TestASlotsKeyTellsAllThatItIsChargedFor(t *testing.T) {
	seen := map[string]ledger.Slot{}
	for _, s := range []ledger.Slot{
		{Pool: "p", Number: 1, MinerType: "a"}, {Pool: "p", Number: 1, MinerType: "b"}, {Pool: "p", Number: 2, MinerType: "a"},
		{Pool: "q", Number: 1, MinerType: "a"}, {Pool: "p", Number: 11, MinerType: "a"}, {Pool: "p1", Number: 1, MinerType: "a"},
	} {
		if other, taken := seen[s.Key()]; taken {
			t.Errorf("%+v and %+v share the key %q", s, other, s.Key())
		}
		seen[s.Key()] = s
	}
}
