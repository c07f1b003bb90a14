package install_test

import (
	"context"
	"crypto/ed25519"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	v1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"

	"onex.io/onex/functions/reconciler"
	"onex.io/onex/knative/local/kube/kubetest"
	"onex.io/onex/shared/api/apps/v1beta1"
	"onex.io/onex/shared/fault"
	"onex.io/onex/shared/kube"
)

// rich is a wallet that pays for everything.
type rich struct{}

func (rich) BuySlot(context.Context, reconciler.Slot) error { return nil }

// reconcile runs the reconciler as a cluster does, and a kubelet that says of every pod of the nodes' cluster that it is
// ready.
func (w *world) reconcile(nodes *world) {
	w.t.Helper()
	ctx, cancel := context.WithCancel(w.t.Context())
	ended := make(chan error, 2)
	options := reconciler.Options{
		Config: w.account("reconciler", "../../reconciler/rbac.yaml"), Buyer: rich{}, Image: "toyblc:1",
		Scalers: reconciler.Scalers{Measure: reconciler.MeasureAt("http://%s.onex.svc"), Key: ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize))},
		Logger:  slog.New(slog.NewTextHandler(w.t.Output(), nil)),
	}
	if nodes != w {
		options.Nodes = nodes.account("reconciler", "../../overlays/multi-cluster/nodes/account.yaml")
	}
	go func() { ended <- reconciler.Run(ctx, options) }()
	go func() { ended <- nodes.kubelet(ctx) }()
	w.t.Cleanup(func() {
		cancel()
		for range 2 {
			if err := <-ended; err != nil {
				w.t.Error(err)
			}
		}
	})
}

func (w *world) kubelet(ctx context.Context) error {
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		pods, err := w.core.CoreV1().Pods(user).List(ctx, metav1.ListOptions{})
		if err == nil {
			for _, p := range pods.Items {
				if p.Status.Phase != v1.PodRunning {
					p.Status = v1.PodStatus{Phase: v1.PodRunning, Conditions: []v1.PodCondition{{Type: v1.PodReady, Status: v1.ConditionTrue}}}
					_, _ = w.core.CoreV1().Pods(user).UpdateStatus(ctx, &p, metav1.UpdateOptions{}) // the next tick repeats it
				}
			}
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

func (w *world) set(name string) *v1beta1.MinerSet {
	set, err := w.objects.MinerSets(user).Get(w.t.Context(), name, metav1.GetOptions{})
	if err != nil {
		return &v1beta1.MinerSet{}
	}
	return set
}

func (w *world) awaitReady(name, ready string) {
	w.t.Helper()
	kubetest.Eventually(w.t, patience, func() string {
		set := w.set(name)
		if set.Status.Ready == ready && v1beta1.IsTrue(set.Status.Conditions, v1beta1.ConditionReady) {
			return ""
		}
		_, why := v1beta1.Readiness(set.Status.Conditions)
		return name + " is " + set.Status.Ready + ", not " + ready + ": " + why
	})
}

// awaitMiners waits until these are the user's miners, beside the genesis.
func (w *world) awaitMiners(want ...string) []v1beta1.Miner {
	w.t.Helper()
	var miners []v1beta1.Miner
	kubetest.Eventually(w.t, patience, func() string {
		list, err := w.objects.Miners(user).List(w.t.Context(), metav1.ListOptions{LabelSelector: "!" + v1beta1.ChainNameLabel})
		if err != nil {
			return err.Error()
		}
		miners = list.Items
		var names []string
		for _, m := range miners {
			names = append(names, m.Name)
		}
		if !slices.Equal(names, want) {
			return "there are " + strings.Join(names, " ")
		}
		return ""
	})
	return miners
}

func (w *world) deleteSet(name string, policy metav1.DeletionPropagation) error {
	return w.in(user, "MinerSet").Delete(w.t.Context(), name, metav1.DeleteOptions{PropagationPolicy: &policy})
}

func TestHandWrittenManifestsBehaveLikeBuiltInKinds(t *testing.T) {
	w := newWorld(t)
	w.reconcile(w)
	w.apply("../../../docs/examples/minerset.yaml") // its chain comes later
	w.apply("../../../docs/examples/chain.yaml")
	w.awaitReady("night-shift", "3/3")

	scale, err := w.in(user, "MinerSet").Get(t.Context(), "night-shift", metav1.GetOptions{}, "scale")
	fatal(t, err)
	fatal(t, unstructured.SetNestedField(scale.Object, int64(5), "spec", "replicas"))
	_, err = w.in(user, "MinerSet").Update(t.Context(), scale, metav1.UpdateOptions{}, "scale")
	fatal(t, err)
	w.awaitReady("night-shift", "5/5")
	w.wantSpecUntouched("night-shift")

	before := w.awaitMiners("night-shift-0", "night-shift-1", "night-shift-2", "night-shift-3", "night-shift-4")
	w.replacesPod(before[1])
	w.goesWithAll()
}

// wantSpecUntouched checks that nobody but those who applied and scaled has written into the spec.
func (w *world) wantSpecUntouched(name string) {
	w.t.Helper()
	set := w.set(name)
	if set.Generation != 2 {
		w.t.Errorf("the spec has changed %d times, want once: when it was scaled", set.Generation-1)
	}
	for _, entry := range set.ManagedFields {
		if entry.Manager == "onex-reconciler" && strings.Contains(string(entry.FieldsV1.GetRawBytes()), `"f:spec"`) {
			w.t.Errorf("the reconciler has written into the spec: %s", entry.FieldsV1.GetRawBytes())
		}
	}
	if set.Spec.Selector != nil || set.Status.Selector != "apps.onex.io/minerset="+name {
		w.t.Errorf("selects by %+v, and says %q", set.Spec.Selector, set.Status.Selector)
	}
}

// replacesPod kills a pod as kubectl does with no grace. Its miner stays, and gets another.
func (w *world) replacesPod(m v1beta1.Miner) {
	w.t.Helper()
	pods, now := w.core.CoreV1().Pods(user), int64(0)
	before, err := pods.Get(w.t.Context(), m.Name, metav1.GetOptions{})
	fatal(w.t, err)
	fatal(w.t, pods.Delete(w.t.Context(), m.Name, metav1.DeleteOptions{GracePeriodSeconds: &now}))
	kubetest.Eventually(w.t, patience, func() string {
		if after, err := pods.Get(w.t.Context(), m.Name, metav1.GetOptions{}); err != nil || after.UID == before.UID {
			return "no other pod"
		}
		return ""
	})
	w.awaitReady("night-shift", "5/5")
	if again, err := w.objects.Miners(user).Get(w.t.Context(), m.Name, metav1.GetOptions{}); err != nil || again.UID != m.UID {
		w.t.Errorf("the miner is another one: %v", err)
	}
}

// goesWithAll deletes what is protected, in the foreground, and what the chain has.
func (w *world) goesWithAll() {
	w.t.Helper()
	if err := w.deleteSet("night-shift", metav1.DeletePropagationForeground); fault.KindOf(kube.Translate(err)) != fault.Denied {
		w.t.Errorf("what is protected: %v", err)
	}
	fatal(w.t, w.patch("MinerSet", "night-shift", `{"metadata":{"annotations":{"apps.onex.io/deletion-protection":null}}}`))
	fatal(w.t, w.deleteSet("night-shift", metav1.DeletePropagationForeground))
	w.awaitMiners()
	fatal(w.t, kube.Remove(w.t.Context(), w.objects.Chains(user), "harbour", "Background"))
	kubetest.Eventually(w.t, patience, func() string {
		pods, err := w.core.CoreV1().Pods(user).List(w.t.Context(), metav1.ListOptions{})
		if err != nil || len(pods.Items) > 0 {
			return "pods are left"
		}
		if _, err := w.objects.Chains(user).Get(w.t.Context(), "harbour", metav1.GetOptions{}); !apierrors.IsNotFound(err) {
			return "the chain is left"
		}
		return ""
	})
	if err := w.deleteSet("night-shift", metav1.DeletePropagationBackground); !apierrors.IsNotFound(err) {
		w.t.Errorf("deleted twice: %v", err)
	}
}

func TestMinersOutliveASetThatIsDeletedAlone(t *testing.T) {
	w := newWorld(t)
	w.reconcile(w)
	w.apply("../../../docs/examples/chain.yaml")
	pool := `{kind: MinerSet, metadata: {name: pool}, spec: {replicas: 2, template: {spec: {chainName: harbour}}}}`
	_, err := w.create(parse(t, pool))
	fatal(t, err)
	w.awaitReady("pool", "2/2")
	before := w.awaitMiners("pool-0", "pool-1")

	fatal(t, w.deleteSet("pool", metav1.DeletePropagationOrphan))
	kubetest.Eventually(t, patience, func() string {
		if w.set("pool").Name != "" {
			return "the set is left"
		}
		return ""
	})
	for _, m := range w.awaitMiners("pool-0", "pool-1") {
		if metav1.GetControllerOf(&m) != nil || m.DeletionTimestamp != nil {
			t.Errorf("%s: %+v", m.Name, m.ObjectMeta)
		}
	}
	_, err = w.create(parse(t, pool))
	fatal(t, err)
	w.awaitReady("pool", "2/2")
	for i, m := range w.awaitMiners("pool-0", "pool-1") {
		if m.UID != before[i].UID || !metav1.IsControlledBy(&m, w.set("pool")) {
			t.Errorf("%s was not adopted again: %+v", m.Name, m.ObjectMeta)
		}
	}
}

// Each operation does what it does with the rights of its own account and no others.
func TestTheRightsOfTheOperations(t *testing.T) {
	w := newWorld(t)
	_, err := w.create(parse(t, `{kind: MinerSet, metadata: {name: pool}, spec: {template: {spec: {chainName: harbour}}}}`))
	fatal(t, err)
	as := func(name string) *kube.Client {
		objects, err := kube.New(w.account(name, "../../rbac/"+name+".yaml"))
		fatal(t, err)
		return objects
	}
	scaler := as("scale-minerset")
	fatal(t, scaler.ScaleMinerSet(t.Context(), user, "pool", 3, ""))
	_, err = scaler.MinerSets(user).Patch(t.Context(), "pool", types.MergePatchType, []byte(`{"spec":{"replicas":9}}`), metav1.PatchOptions{})
	if !apierrors.IsForbidden(err) {
		t.Errorf("who may scale may rewrite: %v", err)
	}
	creator := as("create-chain")
	made, err := creator.Chains(user).Create(t.Context(), &v1beta1.Chain{
		ObjectMeta: metav1.ObjectMeta{Name: "harbour"}, Spec: v1beta1.ChainSpec{MinMineIntervalSeconds: 60},
	}, metav1.CreateOptions{})
	fatal(t, err)
	_, err = creator.Chains(user).List(t.Context(), metav1.ListOptions{ResourceVersion: made.ResourceVersion, ResourceVersionMatch: metav1.ResourceVersionMatchExact})
	fatal(t, err)
	fatal(t, creator.Chains(user).Delete(t.Context(), "harbour", metav1.DeleteOptions{Preconditions: metav1.NewUIDPreconditions(string(made.UID))}))
	_, err = w.objects.Chains(user).Get(t.Context(), "harbour", metav1.GetOptions{})
	if !apierrors.IsNotFound(err) {
		t.Errorf("taken back: %v", err)
	}
	fatal(t, kube.Remove(t.Context(), as("delete-minerset").MinerSets(user), "pool", "Background"))
}
