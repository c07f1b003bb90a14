package minerset

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"onex.io/onex/shared/access"
	"onex.io/onex/shared/api/apps/v1beta1"
	"onex.io/onex/shared/api/minerset"
	"onex.io/onex/shared/api/page"
	"onex.io/onex/shared/fault"
	"onex.io/onex/shared/kube"
	"onex.io/onex/shared/kube/kubetest"
	"onex.io/onex/shared/minertype"
	"onex.io/onex/shared/object"
	"onex.io/onex/shared/trace"
)

// world is an object API, with a public chain in it.
type world struct {
	t       *testing.T
	server  *kubetest.Server
	objects *kube.Client
}

func newWorld(t *testing.T) *world {
	t.Helper()
	server := kubetest.New(t)
	objects, err := kube.New(server.Config())
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t, server, objects}
	w.addChain(v1beta1.ChainNamespace, "harbor")
	return w
}

func (w *world) open(namespace string) minersets { return w.objects.MinerSets(namespace) }

func (w *world) openChains(namespace string) chains { return w.objects.Chains(namespace) }

func (w *world) addChain(namespace, name string) {
	w.t.Helper()
	_, err := w.objects.Chains(namespace).Create(w.t.Context(), &v1beta1.Chain{ObjectMeta: metav1.ObjectMeta{Name: name}}, metav1.CreateOptions{})
	if err != nil {
		w.t.Fatal(err)
	}
}

// written is how many writes there were since the chains were made.
func (w *world) written(chains int) int { return w.server.Writes() - chains }

func as(t *testing.T, userID string) context.Context {
	t.Helper()
	return trace.Hop(access.With(t.Context(), access.Principal{UserID: userID, Admin: userID == "admin"}))
}

func set(name, minerType string) v1beta1.MinerSet {
	m := v1beta1.MinerSet{ObjectMeta: metav1.ObjectMeta{Name: name}}
	m.Spec.Template.Spec.MinerType = minerType
	m.Spec.Template.Spec.ChainName = "harbor"
	return m
}

func (w *world) create(userID string, m v1beta1.MinerSet) (*v1beta1.MinerSet, error) {
	w.t.Helper()
	f := &createMinerSet{minersets: w.open, chains: w.openChains, types: minertype.Default(), streams: []string{"orders/shop"}}
	return f.Handle(as(w.t, userID), &minerset.CreateRequest{Body: m})
}

// have makes a MinerSet that must succeed.
func (w *world) have(userID, name string) *v1beta1.MinerSet {
	w.t.Helper()
	m, err := w.create(userID, set(name, "S1.SMALL1"))
	if err != nil {
		w.t.Fatal(err)
	}
	return m
}

func (w *world) get(userID, name, namespace string) (*v1beta1.MinerSet, error) {
	w.t.Helper()
	return (&getMinerSet{minersets: w.open}).Handle(as(w.t, userID), &minerset.GetRequest{Name: name, Namespace: namespace})
}

func wantKind(t *testing.T, what string, err error, want fault.Kind) {
	t.Helper()
	if err == nil || fault.KindOf(err) != want {
		t.Errorf("%s: got %v, want %s", what, err, want)
	}
}

func wantField(t *testing.T, what string, err error, field string) {
	t.Helper()
	wantKind(t, what, err, fault.Invalid)
	if fault.Of(err).Metadata["field"] != field {
		t.Errorf("%s: %+v does not name %s", what, fault.Of(err), field)
	}
}

func TestAMinerSetIsMadeInTheCallersNamespaceAndSeenThereAlone(t *testing.T) {
	w := newWorld(t)
	made := w.have("user-a", "pool")
	if made.Namespace != "user-a" || made.Spec.Template.Spec.ChainName != "harbor" || made.Annotations[object.TraceAnnotation] == "" {
		t.Fatalf("made %+v", made)
	}
	for _, row := range []struct {
		name, caller, set, namespace string
		kind                         fault.Kind
	}{
		{"its owner", "user-a", "pool", "", ""},
		{"an administrator", "admin", "pool", "user-a", ""},
		{"somebody else", "user-b", "pool", "", fault.Missing},
		{"somebody else, by namespace", "user-b", "pool", "user-a", fault.Denied},
		{"another name", "user-a", "other", "", fault.Missing},
	} {
		got, err := w.get(row.caller, row.set, row.namespace)
		if row.kind != "" {
			wantKind(t, row.name, err, row.kind)
		} else if err != nil || got.UID != made.UID {
			t.Errorf("%s: %+v, %v", row.name, got, err)
		}
	}
}

func TestOnlyWhatIsForSaleIsBought(t *testing.T) {
	for _, row := range []struct {
		name, minerType string
		ok              bool
	}{
		{"a type of the price list", "M1.MEDIUM2", true},
		{"no type, which the object API gives a default", "", true},
		{"a type that is not for sale", "S9.HUGE", false},
		{"a type in another case", "s1.small1", false},
	} {
		w := newWorld(t)
		_, err := w.create("user-a", set("pool", row.minerType))
		if row.ok {
			if err != nil || w.written(1) != 1 {
				t.Errorf("%s: %v", row.name, err)
			}
			continue
		}
		wantField(t, row.name, err, "spec.template.spec.minerType")
		if w.written(1) != 0 || !strings.Contains(fault.Of(err).Message, row.minerType) {
			t.Errorf("%s: %+v, %d writes", row.name, fault.Of(err), w.written(1))
		}
	}
}

func TestOnlyAChainThatIsThereIsMined(t *testing.T) {
	w := newWorld(t)
	w.addChain("user-a", "own")
	w.addChain("user-b", "private")
	for _, row := range []struct {
		name, chain string
		ok          bool
	}{
		{"a public chain", "harbor", true},
		{"an own chain", "own", true},
		{"another's chain", "private", false},
		{"a chain that nobody has", "sea", false},
		{"no chain", "", false},
	} {
		m := set("pool-"+row.chain+"x", "")
		m.Spec.Template.Spec.ChainName = row.chain
		before := w.server.Writes()
		_, err := w.create("user-a", m)
		if row.ok {
			if err != nil {
				t.Errorf("%s: %v", row.name, err)
			}
			continue
		}
		wantField(t, row.name, err, "spec.template.spec.chainName")
		if w.server.Writes() != before {
			t.Errorf("%s: something was written", row.name)
		}
	}
	w.server.Refuse(func(r *http.Request) bool { return strings.Contains(r.URL.Path, "/chains/") })
	_, err := w.create("user-a", set("later", ""))
	wantKind(t, "an object API that is away", err, fault.Busy)
}

func TestWhatTheCallerMayNotSayIsRefusedOrDropped(t *testing.T) {
	w := newWorld(t)
	foreign := set("pool", "S1.SMALL1")
	foreign.Namespace = "user-b"
	_, err := w.create("user-a", foreign)
	wantKind(t, "another's namespace", err, fault.Denied)
	_, err = w.create("user-a", set("", "S1.SMALL1"))
	wantField(t, "no name", err, "metadata.name")
	if w.written(1) != 0 {
		t.Fatal("something was written")
	}
	greedy := set("pool", "S1.SMALL1")
	greedy.UID, greedy.Finalizers = "forged", []string{"x/y"}
	greedy.OwnerReferences = []metav1.OwnerReference{{Kind: "MinerSet", Name: "paid", UID: "1"}}
	greedy.Status.ObservedGeneration = 7
	made, err := w.create("user-a", greedy)
	if err != nil {
		t.Fatal(err)
	}
	if made.UID == "forged" || made.Finalizers != nil || made.OwnerReferences != nil || made.Status.ObservedGeneration != 0 {
		t.Errorf("made %+v", made)
	}
}

func TestANameIsTakenOnce(t *testing.T) {
	w := newWorld(t)
	w.have("user-a", "pool")
	_, err := w.create("user-a", set("pool", "S1.SMALL2"))
	wantKind(t, "the name again", err, fault.Conflict)
	w.have("user-b", "pool")
}

func TestListMinerSets(t *testing.T) {
	w := newWorld(t)
	for _, name := range []string{"c", "a", "b"} {
		w.have("user-a", name)
	}
	w.have("user-b", "z")
	list := func(caller string, in minerset.ListRequest) (*minerset.List, error) {
		return (&listMinerSets{minersets: w.open}).Handle(as(t, caller), &in)
	}
	for _, row := range []struct {
		name, caller string
		in           minerset.ListRequest
		want         string
		total        int64
	}{
		{"all, by name", "user-a", minerset.ListRequest{Page: page.Page{Limit: 100}}, "a b c", 3},
		{"the second page", "user-a", minerset.ListRequest{Page: page.Page{Limit: 2, Offset: 2}}, "c", 3},
		{"none", "user-c", minerset.ListRequest{Page: page.Page{Limit: 100}}, "", 0},
		{"an administrator's look", "admin", minerset.ListRequest{Page: page.Page{Limit: 100}, Namespace: "user-b"}, "z", 1},
	} {
		got, err := list(row.caller, row.in)
		if err != nil {
			t.Errorf("%s: %v", row.name, err)
			continue
		}
		var names []string
		for _, m := range got.MinerSets {
			names = append(names, m.Name)
		}
		if strings.Join(names, " ") != row.want || got.TotalCount != row.total || got.MinerSets == nil {
			t.Errorf("%s: %q of %d", row.name, names, got.TotalCount)
		}
	}
	_, err := list("user-a", minerset.ListRequest{Namespace: "user-b"})
	wantKind(t, "another's namespace", err, fault.Denied)
}

func TestAnItemTellsWhatAPersonAsks(t *testing.T) {
	three := int32(3)
	m := set("pool", "M1.MEDIUM1")
	m.Spec.Replicas, m.Spec.DisplayName, m.Spec.DeletePolicy, m.Status.ReadyReplicas = &three, "Pool", v1beta1.DeleteOldest, 2
	m.Status.Conditions = []v1beta1.Condition{{Type: v1beta1.ConditionReady, Status: v1beta1.ConditionFalse, Message: "2 of 3 paid"}}
	want := minerset.Item{
		Name: "pool", DisplayName: "Pool", Replicas: 3, ReadyReplicas: 2, DeletePolicy: v1beta1.DeleteOldest,
		MinerTemplate: minerset.Template{MinerType: "M1.MEDIUM1", ChainName: "harbor"}, Message: "2 of 3 paid",
	}
	if diff := cmp.Diff(want, item(&m)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestScaleMinerSet(t *testing.T) {
	w := newWorld(t)
	made := w.have("user-a", "pool")
	scale := func(caller string, in minerset.ScaleRequest) error {
		got, err := (&scaleMinerSet{minersets: w.open, scaler: w.objects}).Handle(as(t, caller), &in)
		if err == nil && got.Replicas != in.Body.Replicas {
			t.Errorf("answered %d, want %d", got.Replicas, in.Body.Replicas)
		}
		return err
	}
	size := func() int32 {
		m, err := w.get("user-a", "pool", "")
		if err != nil {
			t.Fatal(err)
		}
		if m.Spec.Template.Spec.ChainName != "harbor" || m.Spec.Replicas == nil {
			t.Fatalf("the rest has changed: %+v", m.Spec)
		}
		return *m.Spec.Replicas
	}
	for _, row := range []struct {
		name, caller string
		in           minerset.ScaleRequest
		kind         fault.Kind
		size         int32
	}{
		{"to five", "user-a", minerset.ScaleRequest{Name: "pool", Body: minerset.Scale{Replicas: 5}}, "", 5},
		{"repeated", "user-a", minerset.ScaleRequest{Name: "pool", Body: minerset.Scale{Replicas: 5}}, "", 5},
		{"as it was read, but somebody has written since", "user-a", minerset.ScaleRequest{Name: "pool", Body: minerset.Scale{Replicas: 9, ResourceVersion: made.ResourceVersion}}, fault.Conflict, 5},
		{"to none", "user-a", minerset.ScaleRequest{Name: "pool"}, "", 0},
		{"another's", "user-b", minerset.ScaleRequest{Name: "pool", Body: minerset.Scale{Replicas: 9}}, fault.Missing, 0},
		{"another's, by namespace", "user-b", minerset.ScaleRequest{Name: "pool", Namespace: "user-a", Body: minerset.Scale{Replicas: 9}}, fault.Denied, 0},
		{"one that is not there", "user-a", minerset.ScaleRequest{Name: "lake", Body: minerset.Scale{Replicas: 9}}, fault.Missing, 0},
		{"an administrator's word", "admin", minerset.ScaleRequest{Name: "pool", Namespace: "user-a", Body: minerset.Scale{Replicas: 2}}, "", 2},
	} {
		err := scale(row.caller, row.in)
		if row.kind != "" {
			wantKind(t, row.name, err, row.kind)
		} else if err != nil {
			t.Errorf("%s: %v", row.name, err)
		}
		if got := size(); got != row.size {
			t.Errorf("%s: size %d, want %d", row.name, got, row.size)
		}
	}
}

func TestDeleteMinerSet(t *testing.T) {
	w := newWorld(t)
	m := w.have("user-a", "pool")
	m.Finalizers = []string{v1beta1.MinerSetFinalizer}
	if _, err := w.objects.MinerSets("user-a").Update(t.Context(), m, metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
	remove := func(caller string, in minerset.DeleteRequest) error {
		_, err := (&deleteMinerSet{minersets: w.open}).Handle(as(t, caller), &in)
		return err
	}
	wantKind(t, "another's", remove("user-b", minerset.DeleteRequest{Name: "pool"}), fault.Missing)
	wantKind(t, "another's, by namespace", remove("user-b", minerset.DeleteRequest{Name: "pool", Namespace: "user-a"}), fault.Denied)
	if err := remove("user-a", minerset.DeleteRequest{Name: "pool", Cascade: "Background"}); err != nil {
		t.Fatal(err)
	}
	wantKind(t, "deleted twice, while it is going", remove("user-a", minerset.DeleteRequest{Name: "pool"}), fault.Missing)
}
