package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"

	"onex.io/onex/scripts/life"
	"onex.io/onex/shared/api/apps/v1beta1"
	"onex.io/onex/shared/api/minerset"
	"onex.io/onex/shared/fault"
	"onex.io/onex/shared/money"
)

// autoscaled is how many miners each pool of the test is to have.
const autoscaled = 2

// Autoscale lives no life but that of pools that scale themselves: by the clock up, down and up again, and by money.
func Autoscale(t *testing.T, o Options) {
	open(t, o).autoscale(t)
}

func (w *world) autoscale(t *testing.T) {
	bob := w.newcomer(t)
	fatal(t, bob.ReceiveGift(t.Context()))
	fatal(t, bob.CreateChain(t.Context()))
	ns := bob.User.UserID
	day := time.Now().UTC()
	w.pool(t, bob, "by-clock", clockAround(day))
	w.pool(t, bob, "by-money", moneyFor(bob))

	w.awaitSize(t, ns, "by-clock", autoscaled)
	w.awaitSize(t, ns, "by-money", autoscaled)
	w.wantActive(t, ns, "by-clock")
	_, err := bob.Client.ScaleMinerSet(t.Context(), minerset.ScaleRequest{Name: "by-clock", Body: minerset.Scale{Replicas: 5}})
	if fault.KindOf(err) != fault.Conflict || fault.ReasonOf(err) != "Autoscaled" {
		t.Errorf("a pool that scales itself was scaled by hand: %v", err)
	}

	w.change(t, ns, "by-clock", map[string]any{"clock": clockAround(day.Add(12 * time.Hour)).Clock})
	w.awaitSize(t, ns, "by-clock", 0)
	w.change(t, ns, "by-clock", map[string]any{"clock": clockAround(day).Clock})
	w.awaitSize(t, ns, "by-clock", autoscaled)
	w.wantPaidOnce(t, bob)

	w.change(t, ns, "by-money", nil)
	w.scaledObjectGone(t, ns, "by-money")
	w.awaitSize(t, ns, "by-money", autoscaled) // who stops scaling itself keeps its size
	for _, name := range []string{"by-clock", "by-money"} {
		fatal(t, bob.Client.DeleteMinerSet(t.Context(), minerset.DeleteRequest{Name: name}))
	}
	w.scaledObjectGone(t, ns, "by-clock")
	fatal(t, w.objects.DeleteNamespace(t.Context(), ns))
}

// clockAround wants miners from six hours before the time of the day to six hours after.
func clockAround(at time.Time) *v1beta1.Autoscaling {
	line := func(hour time.Time) string { return fmt.Sprintf("0 %d * * *", hour.Hour()) }
	return &v1beta1.Autoscaling{MaxReplicas: 3, Clock: &v1beta1.ClockTrigger{
		Timezone: "UTC", Start: line(at.Add(-6 * time.Hour)), End: line(at.Add(6 * time.Hour)), Replicas: autoscaled,
	}}
}

// moneyFor leaves money for the miners that are wanted, and the slots of the pool beside it.
func moneyFor(l *life.Life) *v1beta1.Autoscaling {
	reserve := int64((l.Wallet.Balance - 4*autoscaled*smallSlot) / money.OX)
	return &v1beta1.Autoscaling{MaxReplicas: autoscaled, WalletBalance: &v1beta1.WalletBalanceTrigger{
		ReserveOX: max(0, reserve), OXPerMiner: int64(smallSlot / money.OX),
	}}
}

// pool makes a MinerSet that begins with nothing.
func (w *world) pool(t *testing.T, l *life.Life, name string, a *v1beta1.Autoscaling) {
	t.Helper()
	made, err := l.Client.CreateMinerSet(t.Context(), &v1beta1.MinerSet{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec: v1beta1.MinerSetSpec{
			Autoscaling: a, Template: v1beta1.MinerTemplateSpec{Spec: v1beta1.MinerSpec{ChainName: l.Chain.Name}},
		},
	})
	fatal(t, err)
	if made.Spec.Replicas == nil || *made.Spec.Replicas != 0 || made.Spec.Autoscaling == nil {
		t.Errorf("%s begins with %+v", name, made.Spec)
	}
	t.Logf("pool %s is to scale itself from 0 to %d", name, a.MaxReplicas)
}

// awaitSize waits until a set wants so many miners and all of them run.
func (w *world) awaitSize(t *testing.T, namespace, name string, size int32) {
	t.Helper()
	began := time.Now()
	eventually(t, fmt.Sprintf("%s has %d miners", name, size), func(ctx context.Context) error {
		set, err := w.objects.MinerSets(namespace).Get(ctx, name, metav1.GetOptions{})
		if err == nil && (*set.Spec.Replicas != size || set.Status.Replicas != size || set.Status.ReadyReplicas != size) {
			told := v1beta1.FindCondition(set.Status.Conditions, v1beta1.ConditionAutoscalingActive)
			err = fmt.Errorf("wants %d, has %d, ready %d, autoscaling %+v: %w", *set.Spec.Replicas, set.Status.Replicas, set.Status.ReadyReplicas, told, errNotYet)
		}
		return err
	})
	t.Logf("%s has %d miners, after %s", name, size, time.Since(began).Round(time.Second))
}

// wantActive waits until the set says that it is looked after.
func (w *world) wantActive(t *testing.T, namespace, name string) {
	t.Helper()
	eventually(t, "the autoscaling of "+name+" is active", func(ctx context.Context) error {
		set, err := w.objects.MinerSets(namespace).Get(ctx, name, metav1.GetOptions{})
		if err == nil && !v1beta1.IsTrue(set.Status.Conditions, v1beta1.ConditionAutoscalingActive) {
			err = fmt.Errorf("%+v: %w", set.Status.Conditions, errNotYet)
		}
		return err
	})
}

// change changes the autoscaling of a set as kubectl would; nil takes it away.
func (w *world) change(t *testing.T, namespace, name string, autoscaling map[string]any) {
	t.Helper()
	var value any
	if autoscaling != nil {
		value = autoscaling
	}
	patch, err := json.Marshal(map[string]any{"spec": map[string]any{"autoscaling": value}})
	fatal(t, err)
	_, err = w.objects.MinerSets(namespace).Patch(t.Context(), name, types.MergePatchType, patch, metav1.PatchOptions{})
	fatal(t, err)
}

func (w *world) scaledObjectGone(t *testing.T, namespace, name string) {
	t.Helper()
	scaledObjects := schema.GroupVersionResource{Group: "keda.sh", Version: "v1alpha1", Resource: "scaledobjects"}
	eventually(t, "the ScaledObject of "+name+" goes", func(ctx context.Context) error {
		_, err := w.dynamic.Resource(scaledObjects).Namespace(namespace).Get(ctx, name, metav1.GetOptions{})
		switch {
		case apierrors.IsNotFound(err):
			return nil
		case err == nil:
			err = errNotYet
		}
		return err
	})
}

// wantPaidOnce sees in the wallet that each slot was charged once, although its miner came, went and came again.
func (w *world) wantPaidOnce(t *testing.T, l *life.Life) {
	t.Helper()
	wallet, err := l.Client.GetWallet(t.Context(), 1)
	fatal(t, err)
	entries, err := l.Entries(t.Context(), wallet.Count, 100)
	fatal(t, err)
	if sums := life.Add(entries); sums.Slots != 2*autoscaled || sums.Of["slot"] != -2*autoscaled*smallSlot {
		t.Errorf("paid for %d slots, %s OX, want %d", sums.Slots, sums.Of["slot"], 2*autoscaled)
	}
}
