package inventorytest

import (
	"fmt"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"onex.io/onex/shared/api/apps/v1beta1"
	"onex.io/onex/shared/inventory"
)

// town has two users whose names begin alike, and a public chain.
func town(t *testing.T, s inventory.Shelf) {
	t.Helper()
	ready := []v1beta1.Condition{{Type: v1beta1.ConditionReady, Status: v1beta1.ConditionTrue}}
	at := func(namespace, name string) metav1.ObjectMeta {
		return metav1.ObjectMeta{Namespace: namespace, Name: name, ResourceVersion: "1"}
	}
	keep(t, s, inventory.OfChain(&v1beta1.Chain{ObjectMeta: at("user-a", "harbor"), Status: v1beta1.ChainStatus{Conditions: ready}}, 2), true)
	keep(t, s, inventory.OfChain(&v1beta1.Chain{ObjectMeta: at("kube-system", "public")}, 2), true)
	set := &v1beta1.MinerSet{ObjectMeta: at("user-a", "pool"), Status: v1beta1.MinerSetStatus{Conditions: ready}}
	set.Spec.Template.Spec.ChainName = "harbor"
	keep(t, s, inventory.OfMinerSet(set, 2), true)
	for i := range 12 {
		phase := v1beta1.MinerRunning
		if i%3 == 0 {
			phase = v1beta1.MinerPending
		}
		keep(t, s, miner("user-a", fmt.Sprintf("pool-%d", i), phase, 1, 2), true)
	}
	other := miner("user-a-b", "pool-0", v1beta1.MinerFailed, 1, 2)
	other.Item.ChainName, other.Item.MinerType = "public", "M1.MEDIUM1"
	keep(t, s, other, true)
	keep(t, s, miner("user-a", "away", v1beta1.MinerRunning, 1, 2), true)
	keep(t, s, gone("user-a", "away", 3), true)
}

func searched(t *testing.T, s inventory.Shelf) {
	town(t, s)
	const pool = "pool-0 pool-1 pool-10 pool-11 pool-2 pool-3 pool-4 pool-5 pool-6 pool-7 pool-8 pool-9"
	for _, row := range []struct {
		q    inventory.Query
		want string
	}{
		{inventory.Query{}, "public pool-0 harbor " + pool + " pool"},
		{inventory.Query{Namespace: "user-a"}, "harbor " + pool + " pool"},
		{inventory.Query{Namespace: "user-a-b"}, "pool-0"},
		{inventory.Query{Namespace: "user"}, ""},
		{inventory.Query{Kind: "Chain"}, "public harbor"},
		{inventory.Query{Namespace: "user-a", Kind: "Miner"}, pool},
		{inventory.Query{Namespace: "user-a", Kind: "Miner", Prefix: "pool-1"}, "pool-1 pool-10 pool-11"},
		{inventory.Query{Namespace: "user-a", Prefix: "p"}, pool + " pool"},
		{inventory.Query{Prefix: "pool-0"}, "pool-0 pool-0"},
		{inventory.Query{Phase: "Pending"}, "pool-0 pool-3 pool-6 pool-9"},
		{inventory.Query{Chain: "harbor", Phase: "Ready"}, "harbor pool"},
		{inventory.Query{Chain: "public"}, "public pool-0"},
		{inventory.Query{MinerType: "M1.MEDIUM1"}, "pool-0"},
		{inventory.Query{Namespace: "user-a", Kind: "Miner", Prefix: "away"}, ""},
	} {
		wantFound(t, s, row.q, row.want)
	}
	first := wantFound(t, s, inventory.Query{Namespace: "user-a", Kind: "Miner", Limit: 5}, "pool-0 pool-1 pool-10 pool-11 pool-2")
	keep(t, s, gone("user-a", "pool-2", 9), true)                            // where the page ended
	keep(t, s, miner("user-a", "pool-00", v1beta1.MinerRunning, 8, 9), true) // before
	second := wantFound(t, s, inventory.Query{Namespace: "user-a", Kind: "Miner", Limit: 5, After: first}, "pool-3 pool-4 pool-5 pool-6 pool-7")
	wantFound(t, s, inventory.Query{Namespace: "user-a", Kind: "Miner", Limit: 5, After: second}, "pool-8 pool-9")
	wantFound(t, s, inventory.Query{Namespace: "user-a-b", After: second}, "") // another's page opens nothing
}

func counted(t *testing.T, s inventory.Shelf) {
	town(t, s)
	counts, err := s.Count(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if got, want := fmt.Sprint(counts), "[{Chain NotReady 1} {Chain Ready 1} {MinerSet Ready 1} {Miner Failed 1} {Miner Pending 4} {Miner Running 8}]"; got != want {
		t.Errorf("counted %s, want %s", got, want)
	}
}

func known(t *testing.T, s inventory.Shelf) {
	town(t, s)
	cards, err := s.Known(t.Context(), v1beta1.KindMiner)
	if err != nil || len(cards) != 14 {
		t.Fatalf("%d cards, %v", len(cards), err)
	}
	c := cards[inventory.ID("user-a", "Miner", "pool-3")]
	if c.Version != 2 || c.Revision != "1" || c.Gone || c.Item.Name != "pool-3" || c.Item.Namespace != "user-a" || c.Item.Kind != "Miner" {
		t.Errorf("known is %+v", c)
	}
	if c := cards[inventory.ID("user-a", "Miner", "away")]; !c.Gone || !c.GoneAt.Equal(noon()) {
		t.Errorf("known of what is gone is %+v", c)
	}
	if !inventory.Says(cards, miner("user-a", "pool-3", v1beta1.MinerRunning, 1, 99)) || inventory.Says(cards, miner("user-a", "pool-3", v1beta1.MinerRunning, 2, 99)) {
		t.Error("what is known is judged wrongly")
	}
}
