package minerset

import (
	"context"
	"net/http"
	"strings"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"onex.io/onex/shared/access"
	"onex.io/onex/shared/api/apps/v1beta1"
	"onex.io/onex/shared/api/minerset"
	"onex.io/onex/shared/fault"
	"onex.io/onex/shared/minertype"
	"onex.io/onex/shared/object"
	"onex.io/onex/shared/trace"
)

// cluster holds MinerSets by namespace/name.
type cluster struct {
	sets map[string]*v1beta1.MinerSet
}

// in is the cluster as seen in one namespace.
type in struct {
	*cluster
	namespace string
}

func (c *cluster) open(namespace string) minersets { return in{c, namespace} }

var resource = schema.GroupResource{Group: "apps.onex.io", Resource: "minersets"}

func (c in) Create(_ context.Context, m *v1beta1.MinerSet, _ metav1.CreateOptions) (*v1beta1.MinerSet, error) {
	if c.sets[c.namespace+"/"+m.Name] != nil {
		return nil, apierrors.NewAlreadyExists(resource, m.Name)
	}
	if m.Namespace != c.namespace {
		return nil, apierrors.NewBadRequest("the namespace of the object does not match that of the request")
	}
	c.sets[c.namespace+"/"+m.Name] = m
	return m, nil
}

func (c in) Get(_ context.Context, name string, _ metav1.GetOptions) (*v1beta1.MinerSet, error) {
	if m := c.sets[c.namespace+"/"+name]; m != nil {
		return m, nil
	}
	return nil, apierrors.NewNotFound(resource, name)
}

func newCluster() *cluster { return &cluster{sets: map[string]*v1beta1.MinerSet{}} }

func as(t *testing.T, userID string) context.Context {
	t.Helper()
	return trace.FromRequest(access.With(t.Context(), access.Principal{UserID: userID}), http.Header{})
}

func set(name, minerType string) v1beta1.MinerSet {
	m := v1beta1.MinerSet{ObjectMeta: metav1.ObjectMeta{Name: name}}
	m.Spec.Template.Spec.MinerType = minerType
	m.Spec.Template.Spec.ChainName = "harbor"
	return m
}

func (c *cluster) create(t *testing.T, userID string, m v1beta1.MinerSet) (*v1beta1.MinerSet, error) {
	t.Helper()
	return (&createMinerSet{minersets: c.open, types: minertype.Default()}).Handle(as(t, userID), &minerset.CreateRequest{Body: m})
}

func (c *cluster) get(t *testing.T, userID, name string) (*v1beta1.MinerSet, error) {
	t.Helper()
	return (&getMinerSet{minersets: c.open}).Handle(as(t, userID), &minerset.GetRequest{Name: name})
}

func wantKind(t *testing.T, what string, err error, want fault.Kind) {
	t.Helper()
	if err == nil || fault.KindOf(err) != want {
		t.Errorf("%s: got %v, want %s", what, err, want)
	}
}

func TestAMinerSetIsMadeInTheCallersNamespaceAndSeenThereAlone(t *testing.T) {
	c := newCluster()
	if _, err := c.create(t, "user-a", set("pool", "S1.SMALL1")); err != nil {
		t.Fatal(err)
	}
	made := c.sets["user-a/pool"]
	if made == nil || made.Spec.Template.Spec.ChainName != "harbor" || made.Annotations[object.TraceAnnotation] == "" {
		t.Fatalf("made %+v", c.sets)
	}
	if got, err := c.get(t, "user-a", "pool"); err != nil || got.Name != "pool" {
		t.Errorf("its owner sees %+v, %v", got, err)
	}
	_, err := c.get(t, "user-b", "pool")
	wantKind(t, "somebody else", err, fault.Missing)
	_, err = c.get(t, "user-a", "other")
	wantKind(t, "another name", err, fault.Missing)
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
		c := newCluster()
		_, err := c.create(t, "user-a", set("pool", row.minerType))
		if row.ok {
			if err != nil || len(c.sets) != 1 {
				t.Errorf("%s: %v", row.name, err)
			}
			continue
		}
		wantKind(t, row.name, err, fault.Invalid)
		if len(c.sets) != 0 || fault.Of(err).Metadata["field"] != "spec.template.spec.minerType" || !strings.Contains(fault.Of(err).Message, row.minerType) {
			t.Errorf("%s: %+v, made %v", row.name, fault.Of(err), c.sets)
		}
	}
}

func TestWhatTheCallerMayNotSayIsRefusedOrDropped(t *testing.T) {
	c := newCluster()
	foreign := set("pool", "S1.SMALL1")
	foreign.Namespace = "user-b"
	_, err := c.create(t, "user-a", foreign)
	wantKind(t, "another's namespace", err, fault.Denied)
	_, err = c.create(t, "user-a", set("", "S1.SMALL1"))
	wantKind(t, "no name", err, fault.Invalid)
	if len(c.sets) != 0 {
		t.Fatalf("made %+v", c.sets)
	}
	greedy := set("pool", "S1.SMALL1")
	greedy.UID, greedy.Finalizers = "forged", []string{"x/y"}
	greedy.OwnerReferences = []metav1.OwnerReference{{Kind: "MinerSet", Name: "paid", UID: "1"}}
	greedy.Status.ObservedGeneration = 7
	if _, err := c.create(t, "user-a", greedy); err != nil {
		t.Fatal(err)
	}
	made := c.sets["user-a/pool"]
	if made.UID != "" || made.Finalizers != nil || made.OwnerReferences != nil || made.Status.ObservedGeneration != 0 {
		t.Errorf("made %+v", made)
	}
}

func TestANameIsTakenOnce(t *testing.T) {
	c := newCluster()
	if _, err := c.create(t, "user-a", set("pool", "S1.SMALL1")); err != nil {
		t.Fatal(err)
	}
	_, err := c.create(t, "user-a", set("pool", "S1.SMALL2"))
	wantKind(t, "the name again", err, fault.Conflict)
	if _, err := c.create(t, "user-b", set("pool", "S1.SMALL1")); err != nil {
		t.Errorf("the same name of somebody else: %v", err)
	}
}
