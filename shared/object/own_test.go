package object_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"onex.io/onex/shared/access"
	"onex.io/onex/shared/fault"
	"onex.io/onex/shared/object"
	"onex.io/onex/shared/trace"
)

func TestAnObjectIsConfinedToItsCaller(t *testing.T) {
	ctx := access.With(t.Context(), access.Principal{UserID: "user-a"})
	for _, row := range []struct {
		name string
		in   metav1.ObjectMeta
		want fault.Kind
	}{
		{"no namespace is the own one", metav1.ObjectMeta{Name: "x"}, ""},
		{"the own namespace may be named", metav1.ObjectMeta{Name: "x", Namespace: "user-a"}, ""},
		{"another's is refused", metav1.ObjectMeta{Name: "x", Namespace: "user-b"}, fault.Denied},
		{"the platform's is refused", metav1.ObjectMeta{Name: "x", Namespace: "onex"}, fault.Denied},
		{"an object needs a name", metav1.ObjectMeta{}, fault.Invalid},
		{"a generated name is none", metav1.ObjectMeta{GenerateName: "x-"}, fault.Invalid},
	} {
		m := row.in
		err := object.Own(ctx, &m)
		switch {
		case row.want == "" && (err != nil || m.Namespace != "user-a"):
			t.Errorf("%s: %+v, %v", row.name, m, err)
		case row.want != "" && (err == nil || fault.KindOf(err) != row.want):
			t.Errorf("%s: got %v", row.name, err)
		}
	}
}

func TestOnlyAnAdministratorNamesAnothersNamespace(t *testing.T) {
	user, admin := access.Principal{UserID: "user-a"}, access.Principal{UserID: "user-admin", Admin: true}
	for _, row := range []struct {
		name      string
		caller    access.Principal
		requested string
		want      string // empty: denied
	}{
		{"a user acts at home", user, "", "user-a"},
		{"a user may name the own namespace", user, "user-a", "user-a"},
		{"a user may not name another's", user, "user-b", ""},
		{"nor the platform's", user, "onex", ""},
		{"nor that of public chains", user, "kube-system", ""},
		{"an administrator acts at home too", admin, "", "user-admin"},
		{"an administrator may name another's", admin, "user-b", "user-b"},
		{"and that of public chains", admin, "kube-system", "kube-system"},
		{"nobody acts nowhere", access.Principal{}, "", ""},
		{"nobody may not name one", access.Principal{}, "user-b", ""},
		{"nobody is no administrator", access.Principal{Admin: true}, "user-b", ""},
	} {
		ctx := access.With(t.Context(), row.caller)
		got, err := object.Namespace(ctx, row.requested)
		m := metav1.ObjectMeta{Name: "x", Namespace: row.requested}
		owned := object.Own(ctx, &m)
		if row.want == "" {
			if err == nil || owned == nil || fault.KindOf(err) != fault.Denied || fault.KindOf(owned) != fault.Denied {
				t.Errorf("%s: got %q, %v, and for an object %v", row.name, got, err, owned)
			}
			continue
		}
		if err != nil || owned != nil || got != row.want || m.Namespace != row.want {
			t.Errorf("%s: got %q, %v, and for an object %q, %v", row.name, got, err, m.Namespace, owned)
		}
	}
}

func TestNobodyOwnsNothing(t *testing.T) {
	if err := object.Own(t.Context(), &metav1.ObjectMeta{Name: "x"}); err == nil || fault.KindOf(err) != fault.Denied {
		t.Errorf("got %v: an object without a namespace would be the cluster's", err)
	}
}

func TestWhatOnlyThePlatformMaySetIsDropped(t *testing.T) {
	long, now := int64(7), metav1.NewTime(time.Unix(1, 0))
	m := metav1.ObjectMeta{
		Name: "x", Labels: map[string]string{"a": "b"}, Annotations: map[string]string{"c": "d"},
		GenerateName: "y", UID: "forged", ResourceVersion: "9", Generation: 9,
		CreationTimestamp: now, DeletionTimestamp: &now, DeletionGracePeriodSeconds: &long,
		OwnerReferences: []metav1.OwnerReference{{Kind: "Chain", Name: "somebody-elses"}},
		Finalizers:      []string{"never/deleted"}, ManagedFields: []metav1.ManagedFieldsEntry{{Manager: "me"}},
	}
	if err := object.Own(access.With(t.Context(), access.Principal{UserID: "user-a"}), &m); err != nil {
		t.Fatal(err)
	}
	want := metav1.ObjectMeta{Name: "x", Namespace: "user-a", Labels: map[string]string{"a": "b"}, Annotations: map[string]string{"c": "d"}}
	if diff := cmp.Diff(want, m); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestTheRequestsTraceStaysOnTheObject(t *testing.T) {
	ctx := trace.Hop(access.With(t.Context(), access.Principal{UserID: "user-a"}))
	m := metav1.ObjectMeta{Name: "x", Annotations: map[string]string{object.TraceAnnotation: "forged"}}
	if err := object.Own(ctx, &m); err != nil {
		t.Fatal(err)
	}
	if got := m.Annotations[object.TraceAnnotation]; got != trace.Parent(ctx) || got == "" {
		t.Errorf("annotation %q, want %q", got, trace.Parent(ctx))
	}
}
