package chain

import (
	"context"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"onex.io/onex/shared/access"
	"onex.io/onex/shared/api/apps/v1beta1"
	"onex.io/onex/shared/fault"
	"onex.io/onex/shared/kube"
	"onex.io/onex/shared/kube/kubetest"
	"onex.io/onex/shared/trace"
)

// world is an object API with chains in it.
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
	return &world{t, server, objects}
}

func (w *world) open(namespace string) chains { return w.objects.Chains(namespace) }

func (w *world) add(namespace, name string, finalizers ...string) *v1beta1.Chain {
	w.t.Helper()
	c, err := w.objects.Chains(namespace).Create(w.t.Context(), &v1beta1.Chain{
		ObjectMeta: metav1.ObjectMeta{Name: name, Finalizers: finalizers},
		Spec:       v1beta1.ChainSpec{MinMineIntervalSeconds: 60},
	}, metav1.CreateOptions{})
	if err != nil {
		w.t.Fatal(err)
	}
	return c
}

// names are the chains of a namespace.
func (w *world) names(namespace string) (names []string) {
	w.t.Helper()
	list, err := w.objects.Chains(namespace).List(w.t.Context(), metav1.ListOptions{})
	if err != nil {
		w.t.Fatal(err)
	}
	for _, c := range list.Items {
		names = append(names, c.Name)
	}
	return names
}

// as is a request of a user; administrators are called admin.
func as(t *testing.T, userID string) context.Context {
	t.Helper()
	return trace.Hop(access.With(t.Context(), access.Principal{UserID: userID, Admin: userID == "admin"}))
}

func wantFault(t *testing.T, what string, err error, kind fault.Kind, field string) {
	t.Helper()
	if err == nil || fault.KindOf(err) != kind {
		t.Errorf("%s: got %v, want %s", what, err, kind)
		return
	}
	if m := fault.Of(err).Metadata; field != "" && m["field"] != field && m[field] == "" {
		t.Errorf("%s: %v does not name %s", what, m, field)
	}
}

const minute = time.Minute
