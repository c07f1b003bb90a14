package chain

import (
	"slices"
	"testing"

	"onex.io/onex/shared/api/apps/v1beta1"
	"onex.io/onex/shared/api/chain"
	"onex.io/onex/shared/api/page"
	"onex.io/onex/shared/fault"
)

// harbors has a chain of the same name at two users' and in public, and a second public one.
func harbors(t *testing.T) *world {
	t.Helper()
	w := newWorld(t)
	for _, at := range [][2]string{{"user-a", "harbor"}, {"user-a", "lake"}, {"user-b", "harbor"}, {"kube-system", "harbor"}, {"kube-system", "ocean"}} {
		w.add(at[0], at[1], v1beta1.ChainFinalizer)
	}
	return w
}

func TestGetChain(t *testing.T) {
	w := harbors(t)
	for _, row := range []struct {
		name, caller string
		in           chain.GetRequest
		want         string // namespace
		kind         fault.Kind
	}{
		{"the own one comes before the public one", "user-a", chain.GetRequest{Name: "harbor"}, "user-a", ""},
		{"a public one", "user-a", chain.GetRequest{Name: "ocean"}, "kube-system", ""},
		{"one that only somebody else has", "user-b", chain.GetRequest{Name: "lake"}, "", fault.Missing},
		{"one that nobody has", "user-a", chain.GetRequest{Name: "sea"}, "", fault.Missing},
		{"another's namespace", "user-b", chain.GetRequest{Name: "lake", Namespace: "user-a"}, "", fault.Denied},
		{"another's namespace, for an administrator", "admin", chain.GetRequest{Name: "lake", Namespace: "user-a"}, "user-a", ""},
	} {
		got, err := (&getChain{chains: w.open}).Handle(as(t, row.caller), &row.in)
		if row.kind != "" {
			wantFault(t, row.name, err, row.kind, "")
		} else if err != nil || got.Namespace != row.want || got.Name != row.in.Name {
			t.Errorf("%s: got %+v, %v", row.name, got, err)
		}
	}
}

func TestListChains(t *testing.T) {
	w := harbors(t)
	for _, row := range []struct {
		name, caller string
		in           chain.ListRequest
		want         []string
		total        int64
	}{
		{"the own ones", "user-a", chain.ListRequest{Page: page.Page{Limit: 100}}, []string{"user-a/harbor", "user-a/lake"}, 2},
		{"and the public ones", "user-b", chain.ListRequest{Page: page.Page{Limit: 100}, Public: true}, []string{"user-b/harbor", "kube-system/harbor public", "kube-system/ocean public"}, 3},
		{"the second page", "user-b", chain.ListRequest{Page: page.Page{Limit: 1, Offset: 1}, Public: true}, []string{"kube-system/harbor public"}, 3},
		{"none", "user-c", chain.ListRequest{Page: page.Page{Limit: 100}}, nil, 0},
		{"an administrator's look", "admin", chain.ListRequest{Page: page.Page{Limit: 100}, Namespace: "user-a"}, []string{"user-a/harbor", "user-a/lake"}, 2},
		{"the public ones are not shown twice", "admin", chain.ListRequest{Page: page.Page{Limit: 100}, Namespace: "kube-system", Public: true}, []string{"kube-system/harbor public", "kube-system/ocean public"}, 2},
	} {
		got, err := (&listChains{chains: w.open}).Handle(as(t, row.caller), &row.in)
		if err != nil {
			t.Errorf("%s: %v", row.name, err)
			continue
		}
		var names []string
		for _, c := range got.Chains {
			mark := ""
			if c.Public {
				mark = " public"
			}
			names = append(names, c.Namespace+"/"+c.Name+mark)
		}
		if !slices.Equal(names, row.want) || got.TotalCount != row.total || got.Chains == nil {
			t.Errorf("%s: got %v of %d", row.name, names, got.TotalCount)
		}
	}
	_, err := (&listChains{chains: w.open}).Handle(as(t, "user-a"), &chain.ListRequest{Namespace: "user-b"})
	wantFault(t, "another's namespace", err, fault.Denied, "namespace")
}

func TestDeleteChain(t *testing.T) {
	w := harbors(t)
	remove := func(caller string, in chain.DeleteRequest) error {
		_, err := (&deleteChain{chains: w.open}).Handle(as(t, caller), &in)
		return err
	}
	before := w.server.Writes()
	wantFault(t, "a public chain", remove("user-a", chain.DeleteRequest{Name: "ocean"}), fault.Missing, "")
	wantFault(t, "another's", remove("user-b", chain.DeleteRequest{Name: "lake"}), fault.Missing, "")
	wantFault(t, "another's, by namespace", remove("user-b", chain.DeleteRequest{Name: "lake", Namespace: "user-a"}), fault.Denied, "namespace")
	if w.server.Writes() != before {
		t.Fatal("something was written")
	}
	if err := remove("user-a", chain.DeleteRequest{Name: "lake", Cascade: "Foreground"}); err != nil {
		t.Fatal(err)
	}
	wantFault(t, "deleted twice, while it is going", remove("user-a", chain.DeleteRequest{Name: "lake"}), fault.Missing, "")
	if err := remove("admin", chain.DeleteRequest{Name: "ocean", Namespace: "kube-system"}); err != nil {
		t.Errorf("an administrator: %v", err)
	}
}

func TestAnItemSaysWhatIsWrong(t *testing.T) {
	for _, row := range []struct {
		name       string
		conditions []v1beta1.Condition
		ready      bool
		message    string
	}{
		{"ready", []v1beta1.Condition{{Type: v1beta1.ConditionReady, Status: v1beta1.ConditionTrue}}, true, ""},
		{"not ready", []v1beta1.Condition{{Type: v1beta1.ConditionReady, Status: v1beta1.ConditionFalse, Reason: "R", Message: "the node starts"}}, false, "the node starts"},
		{"not ready, in one word", []v1beta1.Condition{{Type: v1beta1.ConditionReady, Status: v1beta1.ConditionFalse, Reason: "R"}}, false, "R"},
		{"new", nil, false, "not looked at yet"},
	} {
		got := item(&v1beta1.Chain{Status: v1beta1.ChainStatus{Conditions: row.conditions}})
		if got.Ready != row.ready || got.Message != row.message {
			t.Errorf("%s: got %+v", row.name, got)
		}
	}
}
