package miner

import (
	"context"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"onex.io/onex/shared/access"
	"onex.io/onex/shared/api/apps/v1beta1"
	"onex.io/onex/shared/api/miner"
	"onex.io/onex/shared/api/page"
	"onex.io/onex/shared/fault"
	"onex.io/onex/shared/kube"
	"onex.io/onex/shared/kube/kubetest"
)

func as(t *testing.T, userID string) context.Context {
	t.Helper()
	return access.With(t.Context(), access.Principal{UserID: userID, Admin: userID == "admin"})
}

// poolsOf is an object API where two users have miners: user-a a pool of two, one that only says to be of the pool,
// and the first node of a chain.
func poolsOf(t *testing.T) opener {
	t.Helper()
	objects, err := kube.New(kubetest.New(t).Config())
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct{ namespace, name, kind, owner string }{
		{"user-a", "pool-0", v1beta1.KindMinerSet, "pool"}, {"user-a", "pool-1", v1beta1.KindMinerSet, "pool"},
		{"user-a", "alone", "", ""}, {"user-a", "harbor", v1beta1.KindChain, "pool"}, {"user-b", "pool-0", v1beta1.KindMinerSet, "pool"},
	} {
		m := &v1beta1.Miner{ObjectMeta: metav1.ObjectMeta{Name: row.name, Labels: map[string]string{v1beta1.MinerSetLabel: "pool"}}}
		if row.kind != "" {
			owner := &metav1.ObjectMeta{Name: row.owner, UID: "u"}
			m.OwnerReferences = []metav1.OwnerReference{*metav1.NewControllerRef(owner, v1beta1.Kind(row.kind))}
		}
		if _, err := objects.Miners(row.namespace).Create(t.Context(), m, metav1.CreateOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	return func(namespace string) miners { return objects.Miners(namespace) }
}

func TestListMiners(t *testing.T) {
	open := poolsOf(t)
	for _, row := range []struct {
		name, caller string
		in           miner.ListRequest
		want         string
		total        int64
		kind         fault.Kind
	}{
		{"all, by name", "user-a", miner.ListRequest{Page: page.Page{Limit: 100}}, "alone harbor pool-0 pool-1", 4, ""},
		{"a page of them", "user-a", miner.ListRequest{Page: page.Page{Limit: 2, Offset: 1}}, "harbor pool-0", 4, ""},
		{"those of a pool, whatever their labels say", "user-a", miner.ListRequest{Page: page.Page{Limit: 100}, MinerSet: "pool"}, "pool-0 pool-1", 2, ""},
		{"those of a pool that is not there", "user-a", miner.ListRequest{Page: page.Page{Limit: 100}, MinerSet: "lake"}, "", 0, ""},
		{"another's namespace", "user-a", miner.ListRequest{Namespace: "user-b"}, "", 0, fault.Denied},
		{"another's namespace, for an administrator", "admin", miner.ListRequest{Page: page.Page{Limit: 100}, Namespace: "user-b"}, "pool-0", 1, ""},
	} {
		got, err := (&listMiners{miners: open}).Handle(as(t, row.caller), &row.in)
		if row.kind != "" {
			if err == nil || fault.KindOf(err) != row.kind {
				t.Errorf("%s: got %v, want %s", row.name, err, row.kind)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", row.name, err)
			continue
		}
		var names []string
		for _, m := range got.Miners {
			names = append(names, m.Name)
		}
		if strings.Join(names, " ") != row.want || got.TotalCount != row.total || got.Miners == nil {
			t.Errorf("%s: %q of %d", row.name, names, got.TotalCount)
		}
	}
}

func TestGetMiner(t *testing.T) {
	open := poolsOf(t)
	for _, row := range []struct {
		name, caller string
		in           miner.GetRequest
		kind         fault.Kind
	}{
		{"an own one", "user-a", miner.GetRequest{Name: "alone"}, ""},
		{"another's", "user-b", miner.GetRequest{Name: "alone"}, fault.Missing},
		{"another's, by namespace", "user-b", miner.GetRequest{Name: "alone", Namespace: "user-a"}, fault.Denied},
		{"another's, for an administrator", "admin", miner.GetRequest{Name: "alone", Namespace: "user-a"}, ""},
		{"one that is not there", "user-a", miner.GetRequest{Name: "lake"}, fault.Missing},
	} {
		got, err := (&getMiner{miners: open}).Handle(as(t, row.caller), &row.in)
		if row.kind == "" && (err != nil || got.Name != row.in.Name) || row.kind != "" && (err == nil || fault.KindOf(err) != row.kind) {
			t.Errorf("%s: got %+v, %v", row.name, got, err)
		}
	}
}

func TestAnItemTellsWhatAPersonAsks(t *testing.T) {
	slot := int32(1)
	m := &v1beta1.Miner{ObjectMeta: metav1.ObjectMeta{Name: "pool-1"}}
	m.Spec = v1beta1.MinerSpec{DisplayName: "Pool", MinerType: "S1.SMALL1", ChainName: "harbor"}
	m.Status.Slot = &slot
	m.Status.Conditions = []v1beta1.Condition{{Type: v1beta1.ConditionReady, Status: v1beta1.ConditionFalse, Message: "50 OX are needed"}}
	want := miner.Item{
		Name: "pool-1", DisplayName: "Pool", MinerType: "S1.SMALL1", ChainName: "harbor", Slot: &slot,
		Status: v1beta1.MinerPending, Message: "50 OX are needed",
	}
	if diff := cmp.Diff(want, item(m)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}
