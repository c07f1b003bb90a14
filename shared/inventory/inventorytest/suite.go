// Package inventorytest is the conformance suite of the read model: what must hold of it on every store.
package inventorytest

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"onex.io/onex/shared/api/apps/v1beta1"
	api "onex.io/onex/shared/api/inventory"
	"onex.io/onex/shared/inventory"
)

// Run runs the suite in databases of its own, each named after db.
func Run(t *testing.T, db *mongo.Database) {
	for name, test := range map[string]func(*testing.T, inventory.Shelf){
		"a card comes back as it was kept":                 comesBack,
		"what is late, or comes twice, changes nothing":    late,
		"an object of the same name is another one":        successor,
		"nobody needs the card of what was never there":    neverThere,
		"a gone card is forgotten, but not its successor":  forgotten,
		"a query selects, in order, page by page":          searched,
		"objects are counted by kind and phase":            counted,
		"what is known of a kind is known by every object": known,
	} {
		t.Run(name, func(t *testing.T) {
			own := db.Client().Database(db.Name() + "-" + bson.NewObjectID().Hex())
			t.Cleanup(func() { _ = own.Drop(context.WithoutCancel(t.Context())) })
			test(t, inventory.NewShelf(own))
		})
	}
}

func noon() time.Time { return time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC) }

// miner is a card of a Miner whose uid is by its name.
func miner(namespace, name string, phase v1beta1.MinerPhase, revision, version int64) inventory.Card {
	slot := int32(1)
	return inventory.OfMiner(&v1beta1.Miner{
		ObjectMeta: metav1.ObjectMeta{
			Name: name, Namespace: namespace, UID: types.UID("uid-of-" + name), ResourceVersion: fmt.Sprint(revision), CreationTimestamp: metav1.NewTime(noon()),
		},
		Spec:   v1beta1.MinerSpec{ChainName: "harbor", MinerType: "S1.SMALL1"},
		Status: v1beta1.MinerStatus{Phase: phase, Slot: &slot},
	}, version)
}

func gone(namespace, name string, version int64) inventory.Card {
	return inventory.GoneCard(api.Item{Kind: v1beta1.KindMiner, Namespace: namespace, Name: name}, version, noon())
}

func keep(t *testing.T, s inventory.Shelf, c inventory.Card, want bool) {
	t.Helper()
	changed, err := s.Keep(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	if changed != want {
		t.Errorf("%s of version %d changed something: %t, want %t", c.ID, c.Version, changed, want)
	}
}

// wantFound wants the names that a query finds.
func wantFound(t *testing.T, s inventory.Shelf, q inventory.Query, want string) (lastID string) {
	t.Helper()
	if q.Limit == 0 {
		q.Limit = 100
	}
	cards, err := s.Search(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, c := range cards {
		names, lastID = append(names, c.Item.Name), c.ID
	}
	if got := strings.Join(names, " "); got != want {
		t.Errorf("%+v finds %q, want %q", q, got, want)
	}
	return lastID
}

func comesBack(t *testing.T, s inventory.Shelf) {
	want := miner("user-a", "pool-1", v1beta1.MinerRunning, 5, 9)
	keep(t, s, want, true)
	cards, err := s.Search(t.Context(), inventory.Query{Limit: 1})
	if err != nil || len(cards) != 1 {
		t.Fatalf("%d cards, %v", len(cards), err)
	}
	got := cards[0]
	if got.Item.CreatedAt = got.Item.CreatedAt.UTC(); !got.Item.CreatedAt.Equal(noon()) || *got.Item.Slot != 1 || got.Revision != "5" || got.Version != 9 {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if got.Item.Phase != "Running" || got.Item.ChainName != "harbor" || got.Item.UID != "uid-of-pool-1" || got.Item.MinerType != "S1.SMALL1" {
		t.Errorf("got %+v, want %+v", got.Item, want.Item)
	}
}

func late(t *testing.T, s inventory.Shelf) {
	keep(t, s, miner("user-a", "m", v1beta1.MinerPending, 4, 10), true)
	keep(t, s, miner("user-a", "m", v1beta1.MinerPending, 4, 10), false) // twice
	keep(t, s, miner("user-a", "m", v1beta1.MinerPending, 4, 12), false) // looked at again
	keep(t, s, miner("user-a", "m", v1beta1.MinerRunning, 20, 20), true)
	keep(t, s, miner("user-a", "m", v1beta1.MinerPending, 4, 15), false) // read before, written after
	wantFound(t, s, inventory.Query{Phase: "Running"}, "m")
	keep(t, s, gone("user-a", "m", 30), true)
	keep(t, s, gone("user-a", "m", 31), false)
	keep(t, s, miner("user-a", "m", v1beta1.MinerRunning, 20, 25), false) // read before it went
	wantFound(t, s, inventory.Query{}, "")
}

func successor(t *testing.T, s inventory.Shelf) {
	keep(t, s, miner("user-a", "m", v1beta1.MinerRunning, 4, 10), true)
	keep(t, s, gone("user-a", "m", 20), true)
	next := miner("user-a", "m", v1beta1.MinerPending, 30, 31)
	next.Item.UID = "another"
	keep(t, s, next, true)
	keep(t, s, gone("user-a", "m", 25), false) // that was about the first one
	wantFound(t, s, inventory.Query{Phase: "Pending"}, "m")
}

func neverThere(t *testing.T, s inventory.Shelf) {
	keep(t, s, gone("user-a", "m", 10), false)
	if cards, err := s.Known(t.Context(), v1beta1.KindMiner); err != nil || len(cards) > 0 {
		t.Errorf("%d cards, %v", len(cards), err)
	}
}

func forgotten(t *testing.T, s inventory.Shelf) {
	keep(t, s, miner("user-a", "m", v1beta1.MinerRunning, 4, 10), true)
	old := gone("user-a", "m", 20)
	keep(t, s, old, true)
	keep(t, s, miner("user-a", "m", v1beta1.MinerPending, 30, 31), true)
	for range 2 {
		if err := s.Forget(t.Context(), old); err != nil {
			t.Fatal(err)
		}
	}
	wantFound(t, s, inventory.Query{}, "m")
	last := gone("user-a", "m", 40)
	keep(t, s, last, true)
	if err := s.Forget(t.Context(), last); err != nil {
		t.Fatal(err)
	}
	if cards, err := s.Known(t.Context(), v1beta1.KindMiner); err != nil || len(cards) > 0 {
		t.Errorf("%d cards, %v", len(cards), err)
	}
}
