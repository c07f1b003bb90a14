package install_test

import (
	"fmt"
	"strings"

	authorizationv1 "k8s.io/api/authorization/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"onex.io/onex/knative/local/kube/kubetest"
)

// account is the cluster as a ServiceAccount of the platform may use it, with the roles of the manifest and no others.
func (w *world) account(name, manifest string) *rest.Config {
	w.t.Helper()
	kinds := map[string]string{"ServiceAccount": "serviceaccounts", "ClusterRole": "clusterroles", "ClusterRoleBinding": "clusterrolebindings", "Role": "roles", "RoleBinding": "rolebindings",
		"Namespace": "namespaces", "Secret": "secrets"}
	as := rest.CopyConfig(w.rest)
	as.Impersonate.UserName = "system:serviceaccount:onex:" + name
	objects := w.read(manifest)
	for _, o := range objects {
		resource := o.GroupVersionKind().GroupVersion().WithResource(kinds[o.GetKind()])
		_, err := w.dynamic.Resource(resource).Namespace(o.GetNamespace()).Apply(w.t.Context(), o.GetName(), o, metav1.ApplyOptions{FieldManager: "test"})
		fatal(w.t, err)
	}
	for _, o := range objects {
		w.awaitRights(as, o)
	}
	return as
}

// awaitRights waits until the server knows a role that has been given to the account: it learns of roles and of their
// bindings a moment later.
func (w *world) awaitRights(as *rest.Config, o *unstructured.Unstructured) {
	w.t.Helper()
	var role rbacv1.Role // or a ClusterRole, whose rules are the same
	fatal(w.t, runtime.DefaultUnstructuredConverter.FromUnstructured(o.Object, &role))
	self, err := kubernetes.NewForConfig(as)
	fatal(w.t, err)
	for _, rule := range role.Rules {
		resource, subresource, _ := strings.Cut(rule.Resources[0], "/")
		at := authorizationv1.ResourceAttributes{
			Verb: rule.Verbs[0], Group: rule.APIGroups[0], Resource: resource, Subresource: subresource,
			Namespace: o.GetNamespace(), Name: strings.Join(rule.ResourceNames, ""),
		}
		review := &authorizationv1.SelfSubjectAccessReview{Spec: authorizationv1.SelfSubjectAccessReviewSpec{ResourceAttributes: &at}}
		kubetest.Eventually(w.t, patience, func() string {
			answer, err := self.AuthorizationV1().SelfSubjectAccessReviews().Create(w.t.Context(), review, metav1.CreateOptions{})
			fatal(w.t, err)
			if !answer.Status.Allowed {
				return fmt.Sprintf("%s may not yet %+v", as.Impersonate.UserName, at)
			}
			return ""
		})
	}
}
