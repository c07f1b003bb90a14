package install_test

import (
	"path/filepath"
	"slices"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/kubernetes"

	"onex.io/onex/knative/local/kube/kubetest"
	"onex.io/onex/scripts/rights"
	"onex.io/onex/shared/api/apps/v1beta1"
)

// roles installs the ServiceAccounts of the platform and their roles, as a cluster gets them.
func (w *world) roles() {
	w.t.Helper()
	files, err := filepath.Glob("../../rbac/*.yaml")
	fatal(w.t, err)
	if len(files) < 10 {
		w.t.Fatalf("%d roles were found", len(files))
	}
	resources := map[string]string{
		"ServiceAccount": "serviceaccounts", "ClusterRole": "clusterroles", "ClusterRoleBinding": "clusterrolebindings",
		"Role": "roles", "RoleBinding": "rolebindings",
	}
	for _, file := range append(files, "../../config/functions.yaml", "../../reconciler/rbac.yaml") {
		for _, o := range w.read(file) {
			resource := resources[o.GetKind()]
			if resource == "" {
				continue // a kustomization
			}
			w.install(o, resource)
		}
	}
}

func (w *world) install(o *unstructured.Unstructured, resource string) {
	w.t.Helper()
	at := schema.FromAPIVersionAndKind(o.GetAPIVersion(), o.GetKind()).GroupVersion().WithResource(resource)
	_, err := w.dynamic.Resource(at).Namespace(o.GetNamespace()).Apply(w.t.Context(), o.GetName(), o, metav1.ApplyOptions{FieldManager: "kubectl"})
	fatal(w.t, err)
}

func boundsAccounts(t *testing.T, w *world) {
	w.roles()
	w.namespace("knative-serving")
	for name, look := range map[string]func() ([]string, error){
		"rights":   func() ([]string, error) { return rights.Faults(t.Context(), w.rest, user) },
		"attempts": func() ([]string, error) { return rights.BeyondBounds(t.Context(), w.rest, user) },
	} {
		// Roles and policies take a moment to be known to the server; what is wrong stays wrong.
		kubetest.Eventually(t, time.Minute, func() string {
			faults, err := look()
			fatal(t, err)
			slices.Sort(faults)
			missing := ""
			for _, f := range faults {
				missing += "\n" + name + ": " + f
			}
			return missing
		})
	}
	removesItsOwn(t, w)
}

// removesItsOwn has the reconciler remove a pod that it made, and one that it did not.
func removesItsOwn(t *testing.T, w *world) {
	reconciler, err := kubernetes.NewForConfig(rights.As(w.rest, "reconciler"))
	fatal(t, err)
	for name, row := range map[string]struct {
		labels map[string]string
		ok     bool
	}{"made": {map[string]string{v1beta1.ManagedByLabel: v1beta1.ManagedBy}, true}, "found": {nil, false}} {
		pod := &corev1.Pod{
			ObjectMeta: metav1.ObjectMeta{Name: name, Labels: row.labels},
			Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "c", Image: "c"}}},
		}
		_, err := w.core.CoreV1().Pods(user).Create(t.Context(), pod, metav1.CreateOptions{})
		fatal(t, err)
		if err := reconciler.CoreV1().Pods(user).Delete(t.Context(), name, metav1.DeleteOptions{}); row.ok != (err == nil) || !row.ok && !apierrors.IsForbidden(err) {
			t.Errorf("a pod that it %s: %v", name, err)
		}
	}
}
