package e2e

import (
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"onex.io/onex/scripts/life"
	"onex.io/onex/scripts/rights"
	"onex.io/onex/shared/kube"
)

// rights asks the cluster what each account of the platform may do, and tries what roles allow and policies do not. Nor
// does anybody make a pod that is not locked down where the platform and users have theirs.
func (w *world) rights(t *testing.T, ada *life.Life) {
	config, err := kube.Config(w.o.Kubeconfig)
	fatal(t, err)
	config.QPS = -1
	faults, err := rights.Faults(t.Context(), config, ada.User.UserID)
	fatal(t, err)
	attempts, err := rights.BeyondBounds(t.Context(), config, ada.User.UserID)
	fatal(t, err)
	for _, fault := range append(faults, attempts...) {
		t.Error(fault)
	}
	for _, namespace := range []string{rights.Namespace, ada.User.UserID} {
		careless := &corev1.Pod{
			ObjectMeta: metav1.ObjectMeta{Name: "careless"},
			Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "careless", Image: "careless"}}},
		}
		_, err := w.core.CoreV1().Pods(namespace).Create(t.Context(), careless, metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
		if !apierrors.IsForbidden(err) || !strings.Contains(err.Error(), "PodSecurity") {
			t.Errorf("%s takes a pod that may be root: %v", namespace, err)
		}
	}
}
