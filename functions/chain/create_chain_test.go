package chain

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"onex.io/onex/shared/access"
	"onex.io/onex/shared/api/apps/v1beta1"
	"onex.io/onex/shared/api/chain"
	"onex.io/onex/shared/fault"
	"onex.io/onex/shared/object"
	"onex.io/onex/shared/trace"
)

// cluster takes chains of one namespace, or refuses them.
type cluster struct {
	namespace string
	created   []*v1beta1.Chain
	refuse    error
}

func (c *cluster) Create(_ context.Context, in *v1beta1.Chain, _ metav1.CreateOptions) (*v1beta1.Chain, error) {
	if c.refuse != nil {
		return nil, c.refuse
	}
	c.created = append(c.created, in)
	out := in.DeepCopy()
	out.UID = "uid-1"
	return out, nil
}

func create(t *testing.T, c *cluster, in v1beta1.Chain) (*v1beta1.Chain, error) {
	t.Helper()
	f := &createChain{interval: time.Minute, chains: func(namespace string) chains { c.namespace = namespace; return c }}
	ctx := trace.FromRequest(access.With(t.Context(), access.Principal{UserID: "user-a"}), http.Header{})
	return f.Handle(ctx, &chain.CreateRequest{Body: in})
}

func TestAChainIsMadeInTheCallersNamespace(t *testing.T) {
	c := &cluster{}
	got, err := create(t, c, v1beta1.Chain{
		ObjectMeta: metav1.ObjectMeta{Name: "harbor", Labels: map[string]string{"a": "b"}},
		Spec:       v1beta1.ChainSpec{DisplayName: "Harbor", MinMineIntervalSeconds: 5},
	})
	if err != nil {
		t.Fatal(err)
	}
	if got.UID != "uid-1" || got.Name != "harbor" {
		t.Errorf("the reply is not what the object API made of it: %+v", got.ObjectMeta)
	}
	sent := c.created[0]
	if c.namespace != "user-a" || sent.Namespace != "user-a" || sent.Labels["a"] != "b" || sent.Annotations[object.TraceAnnotation] == "" {
		t.Errorf("sent %+v to %q", sent.ObjectMeta, c.namespace)
	}
	if diff := cmp.Diff(v1beta1.ChainSpec{DisplayName: "Harbor", MinMineIntervalSeconds: 5}, sent.Spec); diff != "" {
		t.Errorf("spec (-want +got)\n%s", diff)
	}
}

func TestAChainWithoutAnIntervalHasTheOperators(t *testing.T) {
	c := &cluster{}
	if _, err := create(t, c, v1beta1.Chain{ObjectMeta: metav1.ObjectMeta{Name: "harbor"}}); err != nil {
		t.Fatal(err)
	}
	if got := c.created[0].Spec.MinMineIntervalSeconds; got != 60 {
		t.Errorf("%d seconds, want 60", got)
	}
}

func TestWhatTheCallerMayNotSayIsRefusedOrDropped(t *testing.T) {
	c := &cluster{}
	if _, err := create(t, c, v1beta1.Chain{ObjectMeta: metav1.ObjectMeta{Name: "harbor", Namespace: "user-b"}}); err == nil || fault.KindOf(err) != fault.Denied {
		t.Errorf("another's namespace: %v", err)
	}
	if _, err := create(t, c, v1beta1.Chain{}); err == nil || fault.KindOf(err) != fault.Invalid || fault.Of(err).Metadata["field"] != "metadata.name" {
		t.Errorf("no name: %v", err)
	}
	if len(c.created) != 0 {
		t.Fatalf("created %+v", c.created)
	}
	_, err := create(t, c, v1beta1.Chain{
		ObjectMeta: metav1.ObjectMeta{
			Name: "harbor", UID: "forged", Finalizers: []string{"x/y"},
			OwnerReferences: []metav1.OwnerReference{{Kind: "Chain", Name: "other", UID: "1"}},
		},
		Status: v1beta1.ChainStatus{ObservedGeneration: 7},
	})
	if err != nil {
		t.Fatal(err)
	}
	sent := c.created[0]
	if sent.UID != "" || sent.Finalizers != nil || sent.OwnerReferences != nil || sent.Status.ObservedGeneration != 0 {
		t.Errorf("sent %+v", sent)
	}
}

func TestWhatTheObjectAPIRefusesIsRefusedInOurWords(t *testing.T) {
	resource := schema.GroupResource{Group: "apps.onex.io", Resource: "chains"}
	for _, row := range []struct {
		name   string
		refuse error
		want   fault.Kind
		field  string
	}{
		{"a name that is taken", apierrors.NewAlreadyExists(resource, "harbor"), fault.Conflict, ""},
		{"a spec that is wrong", apierrors.NewInvalid(schema.GroupKind{Kind: "Chain"}, "harbor", field.ErrorList{
			field.Invalid(field.NewPath("spec", "minMineIntervalSeconds"), -1, "should be 1 or more"),
		}), fault.Invalid, "spec.minMineIntervalSeconds"},
		{"a namespace that is going", apierrors.NewServiceUnavailable("away"), fault.Busy, ""},
		{"an API that is away", context.DeadlineExceeded, fault.Busy, ""},
	} {
		_, err := create(t, &cluster{refuse: row.refuse}, v1beta1.Chain{ObjectMeta: metav1.ObjectMeta{Name: "harbor"}})
		if err == nil || fault.KindOf(err) != row.want {
			t.Errorf("%s: got %v, want %s", row.name, err, row.want)
			continue
		}
		if _, named := fault.Of(err).Metadata[row.field]; row.field != "" && !named {
			t.Errorf("%s: %+v does not name %s", row.name, fault.Of(err).Metadata, row.field)
		}
	}
}
