package install_test

import (
	"path/filepath"
	"slices"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"onex.io/onex/knative/local/kube/kubetest"
	"onex.io/onex/scripts/rights"
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
}
