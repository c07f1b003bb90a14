package runner_test

import (
	"strings"
	"testing"

	v1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"onex.io/onex/knative/local/kube/kubetest"
	"onex.io/onex/knative/local/runner"
)

func TestAnAPIServerOfSomebodyElse(t *testing.T) {
	server, client := kubetest.Start(t)
	o := options(t.TempDir())
	o.Kube.Kubeconfig = server.Kubeconfig()
	refused := func(t *testing.T, state, why string) {
		t.Helper()
		o := o
		o.State = state
		p, err := runner.Start(t.Context(), o)
		if err == nil || !strings.Contains(err.Error(), why) || !strings.Contains(err.Error(), server.Kubeconfig()) {
			t.Errorf("got %v, want a refusal that says %q and names the file", err, why)
		}
		if err == nil {
			_ = p.Close()
		}
	}
	makeNode(t, client, "worker-7", v1.ConditionTrue)
	refused(t, o.State, `"worker-7"`)
	setReady(t, client, "worker-7", v1.ConditionFalse)
	p, err := runner.Start(t.Context(), o) // a node that is not Ready runs nothing
	if err != nil {
		t.Fatal(err)
	}
	if p.Kubeconfig() != server.Kubeconfig() {
		t.Errorf("it uses %q", p.Kubeconfig())
	}
	if err := p.Close(); err != nil {
		t.Error(err)
	}
	refused(t, t.TempDir(), "another platform")
	again, err := runner.Start(t.Context(), o)
	if err != nil {
		t.Fatalf("its own platform is refused: %v", err)
	}
	if err := again.Close(); err != nil {
		t.Error(err)
	}
}

func makeNode(t *testing.T, client kubernetes.Interface, name string, ready v1.ConditionStatus) {
	t.Helper()
	_, err := client.CoreV1().Nodes().Create(t.Context(), &v1.Node{ObjectMeta: metav1.ObjectMeta{Name: name}}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	setReady(t, client, name, ready)
}

func setReady(t *testing.T, client kubernetes.Interface, name string, ready v1.ConditionStatus) {
	t.Helper()
	n, err := client.CoreV1().Nodes().Get(t.Context(), name, metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	n.Status.Conditions = []v1.NodeCondition{{Type: v1.NodeReady, Status: ready}}
	if _, err := client.CoreV1().Nodes().UpdateStatus(t.Context(), n, metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
}
