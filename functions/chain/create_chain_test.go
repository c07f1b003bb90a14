package chain

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"onex.io/onex/shared/api/apps/v1beta1"
	"onex.io/onex/shared/api/chain"
	"onex.io/onex/shared/fault"
	"onex.io/onex/shared/object"
)

func (w *world) create(userID string, in v1beta1.Chain) (*v1beta1.Chain, error) {
	w.t.Helper()
	return (&createChain{interval: minute, limit: 5, chains: w.open}).Handle(as(w.t, userID), &chain.CreateRequest{Body: in})
}

func named(name string) v1beta1.Chain {
	return v1beta1.Chain{ObjectMeta: metav1.ObjectMeta{Name: name}}
}

func TestAChainIsMadeInTheCallersNamespace(t *testing.T) {
	w := newWorld(t)
	got, err := w.create("user-a", v1beta1.Chain{
		ObjectMeta: metav1.ObjectMeta{Name: "harbor", Labels: map[string]string{"a": "b"}},
		Spec:       v1beta1.ChainSpec{DisplayName: "Harbor", MinMineIntervalSeconds: 5},
	})
	if err != nil {
		t.Fatal(err)
	}
	if got.UID == "" || got.Name != "harbor" || got.Namespace != "user-a" || got.Labels["a"] != "b" || got.Annotations[object.TraceAnnotation] == "" {
		t.Errorf("the reply is not what the object API made of it: %+v", got.ObjectMeta)
	}
	if diff := cmp.Diff(v1beta1.ChainSpec{DisplayName: "Harbor", MinMineIntervalSeconds: 5}, got.Spec); diff != "" {
		t.Errorf("spec (-want +got)\n%s", diff)
	}
}

func TestAChainWithoutAnIntervalHasTheOperators(t *testing.T) {
	got, err := newWorld(t).create("user-a", named("harbor"))
	if err != nil || got.Spec.MinMineIntervalSeconds != 60 {
		t.Errorf("%+v, %v; want 60 seconds", got, err)
	}
}

func TestWhatTheCallerMayNotSayIsRefusedOrDropped(t *testing.T) {
	w := newWorld(t)
	foreign := named("harbor")
	foreign.Namespace = "user-b"
	_, err := w.create("user-a", foreign)
	wantFault(t, "another's namespace", err, fault.Denied, "")
	_, err = w.create("user-a", v1beta1.Chain{})
	wantFault(t, "no name", err, fault.Invalid, "metadata.name")
	if w.server.Writes() != 0 {
		t.Fatal("something was written")
	}
	greedy := named("harbor")
	greedy.Finalizers, greedy.UID = []string{"x/y"}, "forged"
	greedy.OwnerReferences = []metav1.OwnerReference{{Kind: "Chain", Name: "other", UID: "1"}}
	greedy.Status.ObservedGeneration = 7
	got, err := w.create("user-a", greedy)
	if err != nil {
		t.Fatal(err)
	}
	if got.UID == "forged" || got.Finalizers != nil || got.OwnerReferences != nil || got.Status.ObservedGeneration != 0 {
		t.Errorf("made %+v", got)
	}
}

func TestAUserHasSoManyChainsAndNoMore(t *testing.T) {
	w := newWorld(t)
	for i := range 5 {
		if _, err := w.create("user-a", named(fmt.Sprint("c", i))); err != nil {
			t.Fatal(err)
		}
	}
	before := w.server.Writes()
	_, err := w.create("user-a", named("c5"))
	wantFault(t, "one more", err, fault.Exhausted, "")
	if fault.ReasonOf(err) != "InsufficientQuota" || w.server.Writes() != before {
		t.Errorf("reason %q after %d writes", fault.ReasonOf(err), w.server.Writes()-before)
	}
	_, err = w.create("user-a", named("c4"))
	wantFault(t, "one that is there, repeated", err, fault.Conflict, "")
	if _, err := w.create("user-b", named("c5")); err != nil {
		t.Errorf("somebody else: %v", err)
	}
	if err := w.objects.Chains("user-a").Delete(t.Context(), "c1", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.create("user-a", named("c5")); err != nil {
		t.Errorf("after one went: %v", err)
	}
}

func TestAChainOnItsWayOutMakesRoom(t *testing.T) {
	w := newWorld(t)
	for i := range 5 {
		w.add("user-a", fmt.Sprint("c", i), v1beta1.ChainFinalizer)
	}
	if err := w.objects.Chains("user-a").Delete(t.Context(), "c0", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.create("user-a", named("c5")); err != nil {
		t.Errorf("got %v", err)
	}
}

// late are chains whose list is empty until everybody has created: nobody is warned by room.
type late struct {
	chains
	created *sync.WaitGroup
}

func (l late) List(ctx context.Context, o metav1.ListOptions) (*v1beta1.ChainList, error) {
	if o.ResourceVersion == "" {
		return &v1beta1.ChainList{}, nil
	}
	l.created.Wait()
	return l.chains.List(ctx, o)
}

func (l late) Create(ctx context.Context, c *v1beta1.Chain, o metav1.CreateOptions) (*v1beta1.Chain, error) {
	defer l.created.Done()
	return l.chains.Create(ctx, c, o)
}

func TestManyCreatorsAtOnceStayWithinTheLimit(t *testing.T) {
	const creators = 12
	w := newWorld(t)
	var all, created sync.WaitGroup
	created.Add(creators)
	f := &createChain{interval: minute, limit: 5, chains: func(ns string) chains { return late{w.open(ns), &created} }}
	errs := make([]error, creators)
	for i := range creators {
		all.Go(func() {
			_, errs[i] = f.Handle(as(t, "user-a"), &chain.CreateRequest{Body: named(fmt.Sprint("c", i))})
		})
	}
	all.Wait()
	refused := 0
	for _, err := range errs {
		if err != nil {
			refused++
			wantFault(t, "a creator too many", err, fault.Exhausted, "")
		}
	}
	if left := w.names("user-a"); len(left) != 5 || refused != creators-5 {
		t.Errorf("left %v, %d refused; want exactly 5 chains, and the others told", left, refused)
	}
}

func TestAChainThatCannotBeCountedGoesAgain(t *testing.T) {
	w := newWorld(t)
	w.server.Refuse(func(r *http.Request) bool { return strings.Contains(r.URL.RawQuery, "resourceVersionMatch") })
	_, err := w.create("user-a", named("harbor"))
	wantFault(t, "an object API that went away", err, fault.Busy, "")
	if left := w.names("user-a"); len(left) != 0 {
		t.Errorf("left %v", left)
	}
}

// refusing is an object API that refuses every chain in one way.
type refusing struct {
	chains
	err error
}

func (r refusing) Create(context.Context, *v1beta1.Chain, metav1.CreateOptions) (*v1beta1.Chain, error) {
	return nil, r.err
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
		{"an API that is away", apierrors.NewServiceUnavailable("away"), fault.Busy, ""},
		{"an API that is slow", context.DeadlineExceeded, fault.Busy, ""},
		{"an API that makes no sense", errors.New("odd"), fault.Broken, ""},
	} {
		w := newWorld(t)
		f := &createChain{interval: minute, limit: 5, chains: func(ns string) chains { return refusing{w.open(ns), row.refuse} }}
		_, err := f.Handle(as(t, "user-a"), &chain.CreateRequest{Body: named("harbor")})
		wantFault(t, row.name, err, row.want, row.field)
	}
}
