package install_test

import (
	"fmt"
	"testing"

	v1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/dynamic"

	"onex.io/onex/knative/local/kube/kubetest"
	"onex.io/onex/shared/kube"
)

// anotherCluster is a real API server that knows nothing of the platform.
func anotherCluster(t *testing.T) *world {
	t.Helper()
	server, core := kubetest.Start(t)
	rest, err := server.Config()
	fatal(t, err)
	far := &world{t: t, server: server, rest: rest, core: core}
	far.dynamic, err = dynamic.NewForConfig(rest)
	fatal(t, err)
	return far
}

// standing are the pods of the user, by name.
func (w *world) standing() map[string]types.UID {
	w.t.Helper()
	pods, err := w.core.CoreV1().Pods(user).List(w.t.Context(), metav1.ListOptions{})
	fatal(w.t, err)
	found := map[string]types.UID{}
	for _, p := range pods.Items {
		found[p.Name] = p.UID
	}
	return found
}

// collected waits until the garbage collector has removed an orphan that was made just now: until then it may not have
// come by at all.
func (w *world) collected() {
	w.t.Helper()
	gone := metav1.OwnerReference{APIVersion: "v1", Kind: "ConfigMap", Name: "gone", UID: "1b4d9c34-5b7e-4e0c-a4a3-4b3e8f3d0a10"}
	orphan := &v1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "orphan", Namespace: user, OwnerReferences: []metav1.OwnerReference{gone}}}
	_, err := w.core.CoreV1().ConfigMaps(user).Create(w.t.Context(), orphan, metav1.CreateOptions{})
	fatal(w.t, err)
	kubetest.Eventually(w.t, patience, func() string {
		if _, err := w.core.CoreV1().ConfigMaps(user).Get(w.t.Context(), "orphan", metav1.GetOptions{}); !apierrors.IsNotFound(err) {
			return fmt.Sprintf("the orphan is there: %v", err)
		}
		return ""
	})
}

// left counts what the user has in a cluster that nodes need.
func (w *world) left() string {
	w.t.Helper()
	services, err := w.core.CoreV1().Services(user).List(w.t.Context(), metav1.ListOptions{})
	fatal(w.t, err)
	secrets, err := w.core.CoreV1().Secrets(user).List(w.t.Context(), metav1.ListOptions{})
	fatal(w.t, err)
	pods := w.standing()
	if len(pods)+len(services.Items)+len(secrets.Items) == 0 {
		return ""
	}
	return fmt.Sprintf("%d pods, %d services, %d keys", len(pods), len(services.Items), len(secrets.Items))
}

func TestNodesRunInAnotherCluster(t *testing.T) {
	w, far := newWorld(t), anotherCluster(t)
	w.reconcile(far) // as an account that has the rights of the overlay there, and no more
	w.apply("../../../docs/examples/minerset.yaml")
	w.apply("../../../docs/examples/chain.yaml")
	w.awaitReady("night-shift", "3/3")
	if here, there := w.left(), far.left(); here != "" || there != "4 pods, 2 services, 4 keys" {
		t.Errorf("here %q, there %q", here, there)
	}

	before := far.standing()
	far.collected()
	for name, uid := range before {
		if far.standing()[name] != uid {
			t.Errorf("the other cluster has taken %s for an orphan", name)
		}
	}
	fatal(t, w.patch("MinerSet", "night-shift", `{"metadata":{"annotations":{"apps.onex.io/deletion-protection":null}}}`))
	fatal(t, w.deleteSet("night-shift", metav1.DeletePropagationForeground))
	w.awaitMiners()
	fatal(t, kube.Remove(t.Context(), w.objects.Chains(user), "harbour", "Background"))
	kubetest.Eventually(t, patience, func() string { return far.left() })
}
