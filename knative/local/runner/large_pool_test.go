package runner_test

import (
	"os"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"onex.io/onex/scripts/life"
	"onex.io/onex/shared/api/apps/v1beta1"
	"onex.io/onex/shared/api/miner"
	"onex.io/onex/shared/api/minerset"
)

// A pool that its owner cannot pay runs what is paid for and says why; coins that arrive continue it; what ends it is
// the quota. Rewards are as large here as a slot, so that this takes seconds.
func TestAPoolOfTenThousandRunsWhatIsPaidFor(t *testing.T) {
	o := options(t.TempDir())
	o.Settings = map[string]string{
		"ONEX_SIGNUP_GIFT": "150000000", "ONEX_REWARD_PER_GIGAHASH": "60000000000", "ONEX_MINERS_PER_USER": "6",
	}
	p := start(t, o)
	place, err := life.Place{Addr: p.Addr(), Kubeconfig: p.Kubeconfig()}.Options()
	if err != nil {
		t.Fatal(err)
	}
	place.Out = os.Stderr
	ada := life.New(place)
	for _, step := range []func() error{
		func() error { return ada.SignUp(t.Context()) }, func() error { return ada.LogIn(t.Context()) },
		func() error { return ada.ReceiveGift(t.Context()) }, func() error { return ada.CreateChain(t.Context()) },
	} {
		if err := step(); err != nil {
			t.Fatal(err)
		}
	}
	replicas := int32(10_000)
	ada.MinerSet, err = ada.Client.CreateMinerSet(t.Context(), &v1beta1.MinerSet{
		ObjectMeta: metav1.ObjectMeta{Name: "greed"},
		Spec: v1beta1.MinerSetSpec{
			Replicas: &replicas,
			Template: v1beta1.MinerTemplateSpec{Spec: v1beta1.MinerSpec{ChainName: ada.Chain.Name, MinerType: "S1.SMALL1"}},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	awaitPaid(t, ada, "InsufficientFunds", "3 of 10000 paid")
	awaitPaid(t, ada, "InsufficientQuota", "6 of 10000 paid")
	list, err := ada.Client.ListMiners(t.Context(), miner.ListRequest{MinerSet: "greed"})
	if err != nil || list.TotalCount > 6+30 {
		t.Errorf("%d miners for 6 paid slots: at most 30 may wait (%v)", list.TotalCount, err)
	}
	awaitPods(t, place, ada.User.UserID, 6+1)
	if err := ada.Leave(t.Context()); err != nil {
		t.Error(err)
	}
}

// awaitPaid waits until the set is as far paid as told, for the reason.
func awaitPaid(t *testing.T, ada *life.Life, reason, told string) {
	t.Helper()
	deadline := time.Now().Add(2 * time.Minute)
	for {
		set, err := ada.Client.GetMinerSet(t.Context(), minerset.GetRequest{Name: ada.MinerSet.Name})
		if err != nil {
			t.Fatal(err)
		}
		c := v1beta1.FindCondition(set.Status.Conditions, v1beta1.ConditionPaid)
		if c != nil && c.Reason == reason && strings.HasPrefix(c.Message, told) {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("the set is not %q for %s: %+v", told, reason, c)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// awaitPods waits until there are so many pods: never more of them, and the last may come a moment after it was paid.
func awaitPods(t *testing.T, place life.Options, namespace string, want int) {
	t.Helper()
	deadline := time.Now().Add(time.Minute)
	for {
		pods, err := place.Pods.Pods(namespace).List(t.Context(), metav1.ListOptions{})
		switch {
		case err != nil:
			t.Fatal(err)
		case len(pods.Items) == want:
			return
		case len(pods.Items) > want || time.Now().After(deadline):
			t.Fatalf("%d pods, want %d: one for each paid slot and the chain's first node", len(pods.Items), want)
		}
		time.Sleep(20 * time.Millisecond)
	}
}
