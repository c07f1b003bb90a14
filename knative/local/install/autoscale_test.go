package install_test

import (
	"strings"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"

	"onex.io/onex/knative/local/kube/kubetest"
	"onex.io/onex/shared/api/apps/v1beta1"
)

func (w *world) keda(resource string) dynamic.ResourceInterface {
	return w.dynamic.Resource(schema.GroupVersionResource{Group: "keda.sh", Version: "v1alpha1", Resource: resource}).Namespace(user)
}

func (w *world) awaitScaling(name, reason string) {
	w.t.Helper()
	kubetest.Eventually(w.t, patience, func() string {
		c := v1beta1.FindCondition(w.set(name).Status.Conditions, v1beta1.ConditionAutoscalingActive)
		if c == nil || c.Reason != reason {
			return "autoscaling is not " + reason
		}
		return ""
	})
}

func (w *world) awaitThere(resource, name string, there bool) {
	w.t.Helper()
	kubetest.Eventually(w.t, patience, func() string {
		if _, err := w.keda(resource).Get(w.t.Context(), name, metav1.GetOptions{}); (err == nil) != there || err != nil && !apierrors.IsNotFound(err) {
			return resource + " " + name + " is not as it should be"
		}
		return ""
	})
}

// With its own rights and no others, on an API server that first knows no KEDA and then does.
func TestASetThatScalesItselfIsHandedToKEDA(t *testing.T) {
	w := newWorld(t)
	w.reconcile(w)
	w.apply("../../../docs/examples/chain.yaml")
	w.apply("../../../docs/examples/autoscaled-minerset.yaml")
	w.awaitScaling("night-owls", v1beta1.ReasonKedaMissing)
	if set := w.set("night-owls"); *set.Spec.Replicas != 0 || !v1beta1.IsTrue(set.Status.Conditions, v1beta1.ConditionReady) {
		t.Errorf("without KEDA it is ill: %+v", set.Status)
	}

	for range 2 { // a platform that starts again installs again
		fatal(t, w.installer.KEDAKinds(t.Context()))
	}
	fatal(t, w.patch("MinerSet", "night-owls", `{"metadata":{"labels":{"look":"again"}}}`))
	w.awaitThere("scaledobjects", "night-owls", true)
	w.awaitScaling("night-owls", v1beta1.ReasonAutoscalerNotReady) // nobody plays KEDA here

	fatal(t, w.patch("MinerSet", "night-owls", `{"spec":{"autoscaling":{"clock":null,"walletBalance":{"oxPerMiner":60}}}}`))
	w.awaitThere("triggerauthentications", "night-owls", true)
	kubetest.Eventually(t, patience, func() string { return w.tokens(1) })

	fatal(t, w.patch("MinerSet", "night-owls", `{"spec":{"autoscaling":null}}`))
	w.awaitThere("scaledobjects", "night-owls", false)
	w.awaitThere("triggerauthentications", "night-owls", false)
	kubetest.Eventually(t, patience, func() string { return w.tokens(0) })
}

// tokens wants so many Secrets of autoscalers.
func (w *world) tokens(want int) string {
	secrets, err := w.core.CoreV1().Secrets(user).List(w.t.Context(), metav1.ListOptions{})
	if err != nil {
		return err.Error()
	}
	var names []string
	for _, s := range secrets.Items {
		if strings.HasPrefix(s.Name, "night-owls-scaler-") {
			names = append(names, s.Name)
		}
	}
	if len(names) != want {
		return "there are the tokens " + strings.Join(names, " ")
	}
	return ""
}

// Whoever took the reconciler over could hand KEDA nothing else.
func TestTheReconcilerHandsKEDANothingElse(t *testing.T) {
	w := newWorld(t)
	fatal(t, w.installer.KEDAKinds(t.Context()))
	as, err := dynamic.NewForConfig(w.account("reconciler", "../../reconciler/rbac.yaml"))
	fatal(t, err)
	for name, row := range map[string]struct{ resource, text string }{
		"a trigger with an address": {"scaledobjects", `{kind: ScaledObject, metadata: {name: x, labels: {app.kubernetes.io/managed-by: onex}}, spec: {scaleTargetRef: {kind: MinerSet, name: x}, triggers: [{type: redis, metadata: {address: "evil:6379"}}]}}`},
		"a target of another kind":  {"scaledobjects", `{kind: ScaledObject, metadata: {name: x, labels: {app.kubernetes.io/managed-by: onex}}, spec: {scaleTargetRef: {kind: Deployment, name: x}, triggers: [{type: cron}]}}`},
		"another's secret":          {"triggerauthentications", `{kind: TriggerAuthentication, metadata: {name: x, labels: {app.kubernetes.io/managed-by: onex}}, spec: {secretTargetRef: [{parameter: token, name: y-key, key: k}]}}`},
	} {
		o := parse(t, row.text)
		o.SetAPIVersion("keda.sh/v1alpha1")
		resource := schema.GroupVersionResource{Group: "keda.sh", Version: "v1alpha1", Resource: row.resource}
		kubetest.Eventually(t, patience, func() string {
			if _, err := as.Resource(resource).Namespace(user).Create(t.Context(), o, metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}}); !apierrors.IsForbidden(err) {
				return name + " is taken"
			}
			return ""
		})
	}
}
