package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"onex.io/onex/scripts/life"
	"onex.io/onex/shared/minertype"
	"onex.io/onex/shared/money"
)

// crowdSize is how many miners one set has here, and crowdGift what they cost with something left, in micro-OX.
const (
	crowdSize = 50
	crowdGift = 3000_000000
)

// crowdShare is the part of one CPU that the cheapest type hashes with here. With the 0.05 of the built-in list fifty
// would take all of two cores, and what the cluster itself runs without requests would starve.
const crowdShare = 0.02

// crowdTypes is the built-in price list with less hashing for its cheapest type.
func crowdTypes() (string, error) {
	types := minertype.Default().List()
	types[0].Share = crowdShare
	text, err := json.Marshal(types)
	return string(text), err
}

// crowd lets fifty miners run, while the node's kubelet and the API server are killed and start again.
func (w *world) crowd(t *testing.T) {
	types, err := crowdTypes()
	fatal(t, err)
	told, err := deploy(t.Context(), "ONEX_MINER_TYPES="+types, fmt.Sprintf("ONEX_SIGNUP_GIFT=%d", crowdGift), fmt.Sprintf("ONEX_MINERS_PER_USER=%d", crowdSize))
	if err != nil {
		t.Fatalf("%v:\n%s", err, told)
	}
	l := life.New(life.Options{
		Client: w.api, Pods: w.core.CoreV1(), Out: lines{t}, Patience: 2 * patience, BlockInterval: 10 * time.Second, Miners: crowdSize,
	})
	for _, step := range []func(context.Context) error{l.SignUp, l.LogIn, l.ReceiveGift, l.CreateChain, l.BuyMiners} {
		fatal(t, step(t.Context()))
	}
	some := w.awaitMiners(t, l, crowdSize/3)
	w.fault(t, "restart", "kubelet")
	w.awaitMiners(t, l, crowdSize*2/3)
	w.fault(t, "restart", "kube-apiserver")
	fatal(t, l.SeeMinersRun(t.Context()))
	all := w.awaitMiners(t, l, crowdSize)
	for uid, name := range some {
		if all[uid] == "" {
			t.Errorf("the pod of %s was lost", name)
		}
	}
	sums, err := pagesOf(t.Context(), l, l.Wallet.Count)
	fatal(t, err)
	if sums.Slots != crowdSize || sums.Of["slot"] != -crowdSize*smallSlot || sums.Of["gift"] != money.Amount(crowdGift) {
		t.Errorf("entries %+v, want %d slots of %d", sums, crowdSize, smallSlot)
	}
	w.remove(t, l)
}

// awaitMiners waits until so many pods of miners are ready, and gives those by their uids.
func (w *world) awaitMiners(t *testing.T, l *life.Life, want int) map[types.UID]string {
	t.Helper()
	var ready map[types.UID]string
	began := time.Now()
	eventually(t, fmt.Sprintf("%d miners are ready", want), func(ctx context.Context) error {
		pods, err := w.core.CoreV1().Pods(l.User.UserID).List(ctx, metav1.ListOptions{})
		if err != nil {
			return err
		}
		ready = map[types.UID]string{}
		for i := range pods.Items {
			if p := &pods.Items[i]; p.Name != l.Chain.Name && p.Status.Phase == corev1.PodRunning && life.PodReady(p) {
				ready[p.UID] = p.Name
			}
		}
		if len(ready) < want {
			return fmt.Errorf("%d: %w", len(ready), errNotYet)
		}
		return nil
	})
	t.Logf("%d miners are ready, %.0f s on", len(ready), time.Since(began).Seconds())
	return ready
}
