package kube_test

import (
	"context"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"testing"

	networkingv1 "k8s.io/api/networking/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/kubernetes"

	"onex.io/onex/shared/api/apps/v1beta1"
	"onex.io/onex/shared/kube"
	"onex.io/onex/shared/kube/kubetest"
)

func client(t *testing.T) (*kube.Client, *kubetest.Server) {
	t.Helper()
	server := kubetest.New(t)
	c, err := kube.New(server.Config())
	if err != nil {
		t.Fatal(err)
	}
	return c, server
}

func addMiner(t *testing.T, c *kube.Client, ns, name string) *v1beta1.Miner {
	t.Helper()
	m, err := c.Miners(ns).Create(t.Context(), &v1beta1.Miner{
		ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{"name": name}},
		Spec:       v1beta1.MinerSpec{ChainName: "harbour"},
	}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestAnObjectLivesItsLife(t *testing.T) {
	c, _ := client(t)
	ctx, miners := t.Context(), c.Miners("a")
	m := addMiner(t, c, "a", "one")
	if m.UID == "" || m.Namespace != "a" || m.Generation != 1 {
		t.Fatalf("created %+v", m.ObjectMeta)
	}
	m.Spec.MinerType = "M1.MEDIUM1"
	m.Status.Phase = v1beta1.MinerRunning
	m, err := miners.Update(ctx, m, metav1.UpdateOptions{})
	if err != nil || m.Generation != 2 || m.Status.Phase != "" {
		t.Fatalf("update: %v, %+v", err, m)
	}
	m.Status.Phase = v1beta1.MinerRunning
	m, err = miners.UpdateStatus(ctx, m, metav1.UpdateOptions{})
	if err != nil || m.Generation != 2 || m.Status.Phase != v1beta1.MinerRunning {
		t.Fatalf("update of the status: %v, %+v", err, m)
	}
	m, err = miners.Patch(ctx, "one", types.MergePatchType, []byte(`{"spec":{"displayName":"One"}}`), metav1.PatchOptions{})
	if err != nil || m.Spec.DisplayName != "One" || m.Spec.ChainName != "harbour" {
		t.Fatalf("patch: %v, %+v", err, m)
	}
	if err := miners.Delete(ctx, "one", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	if _, err := miners.Get(ctx, "one", metav1.GetOptions{}); !apierrors.IsNotFound(err) {
		t.Errorf("got %v, want the miner gone", err)
	}
}

func TestListsOfOneAndOfAllNamespaces(t *testing.T) {
	c, _ := client(t)
	addMiner(t, c, "a", "one")
	addMiner(t, c, "b", "two")
	rows := []struct {
		name, namespace, selector string
		want                      int
	}{
		{"one namespace", "a", "", 1},
		{"all namespaces", "", "", 2},
		{"by label", "", "name=two", 1},
		{"an empty namespace", "c", "", 0},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			list, err := c.Miners(row.namespace).List(t.Context(), metav1.ListOptions{LabelSelector: row.selector})
			if err != nil || len(list.Items) != row.want {
				t.Errorf("got %v, %v; want %d", list, err, row.want)
			}
		})
	}
}

func TestAWatchSeesWhatHappens(t *testing.T) {
	c, _ := client(t)
	before := addMiner(t, c, "a", "one")
	w, err := c.Miners("").Watch(t.Context(), metav1.ListOptions{ResourceVersion: before.ResourceVersion})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Stop()
	addMiner(t, c, "b", "two")
	if err := c.Miners("a").Delete(t.Context(), "one", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []struct {
		kind watch.EventType
		name string
	}{{watch.Added, "two"}, {watch.Deleted, "one"}} {
		event := <-w.ResultChan()
		if m, ok := event.Object.(*v1beta1.Miner); !ok || event.Type != want.kind || m.Name != want.name {
			t.Errorf("got %+v, want %v", event, want)
		}
	}
}

func TestAnOldObjectDoesNotOverwriteANewOne(t *testing.T) {
	c, _ := client(t)
	old := addMiner(t, c, "a", "one")
	next := old.DeepCopy()
	next.Spec.DisplayName = "new"
	if _, err := c.Miners("a").Update(t.Context(), next, metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Miners("a").Update(t.Context(), old, metav1.UpdateOptions{}); !apierrors.IsConflict(err) {
		t.Errorf("got %v, want a conflict", err)
	}
}

func TestNamespacesAreEnsuredAndRemovedTwice(t *testing.T) {
	c, server := client(t)
	for range 2 {
		if err := c.EnsureNamespace(t.Context(), "user-1"); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := c.UserNamespaces(t.Context()); err != nil || !slices.Equal(got, []string{"user-1"}) {
		t.Errorf("namespaces of users: %v, %v", got, err)
	}
	for range 2 {
		if err := c.DeleteNamespace(t.Context(), "user-1"); err != nil {
			t.Fatal(err)
		}
	}
	server.Refuse(func(*http.Request) bool { return true })
	for name, act := range map[string]func(context.Context, string) error{"ensure": c.EnsureNamespace, "fence": c.FenceNamespace, "delete": c.DeleteNamespace} {
		if err := act(t.Context(), "user-1"); !apierrors.IsServiceUnavailable(err) {
			t.Errorf("%s: got %v, want that the server is away", name, err)
		}
	}
}

// A namespace that an older platform made has no fences, or others; those of another's are left alone.
func TestFencesArePutUpAndRepaired(t *testing.T) {
	c, server := client(t)
	core, err := kubernetes.NewForConfig(server.Config())
	if err != nil {
		t.Fatal(err)
	}
	policies := core.NetworkingV1().NetworkPolicies("user-1")
	open := &networkingv1.NetworkPolicy{ObjectMeta: metav1.ObjectMeta{Name: "onex-deny"}, Spec: networkingv1.NetworkPolicySpec{
		PodSelector: metav1.LabelSelector{}, PolicyTypes: []networkingv1.PolicyType{networkingv1.PolicyTypeIngress},
	}}
	for _, o := range []*networkingv1.NetworkPolicy{open, {ObjectMeta: metav1.ObjectMeta{Name: "theirs"}}} {
		if _, err := policies.Create(t.Context(), o, metav1.CreateOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 {
		if err := c.FenceNamespace(t.Context(), "user-1"); err != nil {
			t.Fatal(err)
		}
	}
	list, err := policies.List(t.Context(), metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, p := range list.Items {
		names = append(names, p.Name)
		if p.Name != "theirs" && len(p.Spec.PolicyTypes) != 2 {
			t.Errorf("%s fences %v", p.Name, p.Spec.PolicyTypes)
		}
	}
	if !slices.Equal(names, []string{"onex-deny", "onex-nodes", "theirs"}) {
		t.Errorf("policies %v", names)
	}
}

func TestConfig(t *testing.T) {
	path := filepath.Join(t.TempDir(), "kubeconfig")
	text := `{apiVersion: v1, kind: Config, current-context: a, clusters: [{name: a, cluster: {server: "http://127.0.0.1:1"}}], contexts: [{name: a, context: {cluster: a}}]}`
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("KUBECONFIG", "/nowhere")
	got, err := kube.Config(path)
	if err != nil || got.Host != "http://127.0.0.1:1" {
		t.Errorf("got %v, %v", got, err)
	}
	t.Setenv("KUBERNETES_SERVICE_HOST", "")
	if got, err := kube.Config(""); err == nil {
		t.Errorf("got %v outside a cluster, want an error", got)
	}
}
