package reconciler

import (
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"onex.io/onex/shared/api/apps/v1beta1"
	"onex.io/onex/shared/fault"
)

func TestAChainGetsItsGenesisAndAWayToIt(t *testing.T) {
	s := newStory(t)
	chain := s.addChain(user, "harbour")
	s.converge()

	genesis := s.miner(user, "harbour")
	if !metav1.IsControlledBy(genesis, chain) || genesis.Labels[v1beta1.ChainNameLabel] != "harbour" {
		t.Fatalf("genesis miner is not marked as the chain's: %+v", genesis.ObjectMeta)
	}
	if genesis.Status.Phase != v1beta1.MinerRunning || v1beta1.FindCondition(genesis.Status.Conditions, v1beta1.ConditionPaid) != nil {
		t.Fatalf("genesis miner: got %+v, want one that runs and is not asked for money", genesis.Status)
	}
	for _, flag := range s.pod(user, "harbour").Spec.Containers[0].Args {
		if flag == "--miner" || strings.HasPrefix(flag, "--peers") {
			t.Errorf("genesis node has flag %q", flag)
		}
	}
	service := must(s.core.CoreV1().Services(user).Get(t.Context(), "harbour", metav1.GetOptions{}))(t)
	pod := s.pod(user, "harbour")
	peers := must(s.core.CoreV1().Services(user).Get(t.Context(), "peers-"+string(chain.UID), metav1.GetOptions{}))(t)
	if peers.Spec.ClusterIP != "None" || !peers.Spec.PublishNotReadyAddresses || pod.Labels[v1beta1.ChainUIDLabel] != peers.Spec.Selector[v1beta1.ChainUIDLabel] {
		t.Fatalf("the nodes do not find each other by %+v and the labels %v", peers.Spec, pod.Labels)
	}
	for k, v := range service.Spec.Selector {
		if pod.Labels[k] != v {
			t.Errorf("service selects %s=%s, the pod has %q", k, v, pod.Labels[k])
		}
	}
	if s.till.asked != 0 {
		t.Errorf("the wallet was asked %d times", s.till.asked)
	}
	got := must(s.api.Chains(user).Get(t.Context(), "harbour", metav1.GetOptions{}))(t)
	if !v1beta1.IsTrue(got.Status.Conditions, v1beta1.ConditionReady) || got.Status.ObservedGeneration != 1 || got.Status.MinerRef.Name != "harbour" {
		t.Errorf("chain status: %+v", got.Status)
	}
}

func TestASetGetsItsMinersAndPaysForEachOnce(t *testing.T) {
	s := newStory(t)
	s.addChain(v1beta1.ChainNamespace, "harbour")
	set := s.addSet("night", 3)
	s.converge()

	s.wantSet("night", "3/3", v1beta1.ConditionTrue)
	s.wantNames("night-0 night-1 night-2")
	m := s.miner(user, "night-1")
	if *m.Status.Slot != 1 || len(m.Status.PublicKey) != 64 || m.Status.Phase != v1beta1.MinerRunning || m.Status.PodRef.UID != s.pod(user, "night-1").UID {
		t.Errorf("status of night-1: %+v", m.Status)
	}
	if m.Annotations[v1beta1.CPUAnnotation] != "50m" || m.Annotations[v1beta1.MemoryAnnotation] != "128Mi" {
		t.Errorf("annotations of night-1: %v", m.Annotations)
	}
	sold := s.till.sold[slices.IndexFunc(s.till.sold, func(s Slot) bool { return s.Number == 1 })]
	chain := must(s.api.Chains(v1beta1.ChainNamespace).Get(t.Context(), "harbour", metav1.GetOptions{}))(t)
	want := Slot{Namespace: user, Pool: string(set.UID), Number: 1, MinerType: "S1.SMALL1", ChainID: string(chain.UID), PublicKey: m.Status.PublicKey}
	if diff := cmp.Diff(want, sold); diff != "" {
		t.Errorf("slot 1 (-want +got):\n%s", diff)
	}
	if s.till.asked != 3 {
		t.Errorf("the wallet was asked %d times, want 3", s.till.asked)
	}
	got := s.set("night")
	if got.Status.Selector != "apps.onex.io/minerset=night" || got.Labels[v1beta1.ChainNameLabel] != "harbour" || got.Status.FullyLabeledReplicas != 3 {
		t.Errorf("set: labels %v, status %+v", got.Labels, got.Status)
	}
}

func TestALostPodIsReplacedAndNotCharged(t *testing.T) {
	s := newStory(t)
	s.addChain(user, "harbour")
	s.addSet("night", 2)
	s.converge()
	before := s.pod(user, "night-1").UID

	s.kill(user, "night-1")
	s.converge()

	s.wantSet("night", "2/2", v1beta1.ConditionTrue)
	if after := s.pod(user, "night-1").UID; after == before {
		t.Error("the pod is still the old one")
	}
	if s.till.asked != 2 {
		t.Errorf("the wallet was asked %d times, want 2", s.till.asked)
	}
}

func TestAFailedPodRestsAndIsReplaced(t *testing.T) {
	s := newStory(t)
	s.addChain(user, "harbour")
	s.addSet("night", 1)
	s.converge()
	pod := s.pod(user, "night-0")
	s.clock = pod.CreationTimestamp.Add(3 * time.Second)
	s.setPod(pod, corev1.PodFailed, corev1.ConditionFalse)
	s.converge()

	if got := s.pod(user, "night-0").UID; got != pod.UID {
		t.Fatal("the pod was replaced before its time")
	}
	if s.wake != 7*time.Second {
		t.Errorf("got next pass in %s, want in 7s", s.wake)
	}
	s.wantSet("night", "0/1", v1beta1.ConditionFalse)

	s.clock = s.clock.Add(8 * time.Second)
	s.converge()
	if got := s.pod(user, "night-0").UID; got == pod.UID {
		t.Fatal("the failed pod was not replaced")
	}
	s.wantSet("night", "1/1", v1beta1.ConditionTrue)
	if s.till.asked != 1 {
		t.Errorf("the wallet was asked %d times, want once", s.till.asked)
	}
}

func TestScalingDownAndUpFillsTheSamePaidSlots(t *testing.T) {
	s := newStory(t)
	s.addChain(user, "harbour")
	s.addSet("night", 4)
	s.converge()
	s.changeMiner("night-1", func(m *v1beta1.Miner) { m.Annotations[v1beta1.DeleteMinerAnnotation] = "" })
	s.scale("night", 3)
	s.converge()
	s.wantNames("harbour night-0 night-2 night-3")
	s.wantSet("night", "3/3", v1beta1.ConditionTrue)

	s.scale("night", 0)
	s.converge()
	s.wantNames("harbour")
	s.wantSet("night", "0/0", v1beta1.ConditionTrue)

	s.scale("night", 4)
	s.converge()
	s.wantNames("harbour night-0 night-1 night-2 night-3")
	if got := len(s.till.charges()); got != 4 {
		t.Errorf("got %d places charged, want 4: %v", got, s.till.charges())
	}
}

func TestScalingHundredsGoesInBursts(t *testing.T) {
	s := newStory(t)
	s.addChain(user, "harbour")
	s.addSet("night", 70)
	for range 3 {
		s.pass()
	}
	if got := len(strings.Fields(s.names())); got > 2*burst+1 {
		t.Fatalf("got %d miners after three passes, the first of which only marks the set, want at most %d", got, 2*burst+1)
	}
	s.converge()
	s.wantSet("night", "70/70", v1beta1.ConditionTrue)
}

func TestAMinerWaitsForMoney(t *testing.T) {
	s := newStory(t)
	s.addChain(user, "harbour")
	s.addSet("night", 1)
	s.till.refuse = fault.New(fault.Exhausted, "InsufficientFunds", "50 OX are needed")
	s.converge()

	m := s.miner(user, "night-0")
	s.wantCondition(m, v1beta1.ConditionPaid, v1beta1.ConditionFalse, "InsufficientFunds")
	s.wantCondition(m, v1beta1.ConditionReady, v1beta1.ConditionFalse, "InsufficientFunds")
	if _, err := s.core.CoreV1().Pods(user).Get(t.Context(), "night-0", metav1.GetOptions{}); !apierrors.IsNotFound(err) {
		t.Fatalf("got %v, want no pod for a slot that is not paid", err)
	}
	c := v1beta1.FindCondition(s.set("night").Status.Conditions, v1beta1.ConditionMinersReady)
	if c == nil || c.Reason != "InsufficientFunds @ Miner/night-0" {
		t.Errorf("the set says %+v", c)
	}
	if s.wake <= 0 || s.wake > 30*time.Second {
		t.Errorf("got next pass in %s, want one within 30s", s.wake)
	}

	s.till.refuse = nil
	s.converge()
	s.wantSet("night", "1/1", v1beta1.ConditionTrue)
	s.wantCondition(s.miner(user, "night-0"), v1beta1.ConditionPaid, v1beta1.ConditionTrue, "")
}

func TestReasonsOfAnUnpaidSlot(t *testing.T) {
	rows := []struct {
		name   string
		refuse error
		want   string
	}{
		{"no money", fault.New(fault.Exhausted, "InsufficientFunds", "no"), "InsufficientFunds"},
		{"no quota", fault.New(fault.Exhausted, "InsufficientQuota", "no"), "InsufficientQuota"},
		{"short of something that has no name yet", fault.New(fault.Exhausted, "Other", "no"), "InsufficientFunds"},
		{"the wallet is away", fault.New(fault.Busy, "PlatformAway", "no"), "Unavailable"},
		{"the wallet knows no such user", fault.New(fault.Missing, "NotFound", "no"), "Unavailable"},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			s := newStory(t)
			s.addChain(user, "harbour")
			s.addMiner("alone", nil)
			s.till.refuse = row.refuse
			s.converge()
			s.wantCondition(s.miner(user, "alone"), v1beta1.ConditionPaid, v1beta1.ConditionFalse, row.want)
		})
	}
}

func TestAMinerDeletedByHandComesBackToItsSlot(t *testing.T) {
	s := newStory(t)
	s.addChain(user, "harbour")
	s.addSet("night", 3)
	s.converge()
	key := s.miner(user, "night-1").Status.PublicKey

	if err := s.api.Miners(user).Delete(t.Context(), "night-1", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	s.converge()

	s.wantNames("harbour night-0 night-1 night-2")
	s.wantSet("night", "3/3", v1beta1.ConditionTrue)
	charges := s.till.charges()
	if len(charges) != 3 || len(s.till.sold) != 4 {
		t.Errorf("got %v in %d sales, want 3 places, one of them asked for twice under one key", charges, len(s.till.sold))
	}
	last := s.till.sold[len(s.till.sold)-1]
	if last.Number != 1 || last.PublicKey == key || last.PublicKey != s.miner(user, "night-1").Status.PublicKey {
		t.Errorf("last sale %+v, want slot 1 with the new key", last)
	}
}

func TestAMinerWaitsForItsChain(t *testing.T) {
	s := newStory(t)
	s.addSet("night", 1)
	s.converge()
	s.wantCondition(s.miner(user, "night-0"), v1beta1.ConditionChainFound, v1beta1.ConditionFalse, v1beta1.ReasonChainNotFound)
	if s.till.asked != 0 {
		t.Errorf("paid for a slot of no chain")
	}

	s.addChain(v1beta1.ChainNamespace, "harbour")
	s.converge()
	s.wantSet("night", "1/1", v1beta1.ConditionTrue)
	if args := s.pod(user, "night-0").Spec.Containers[0].Args; !slices.Contains(args, "--peers=ws://harbour.kube-system.svc.cluster.local:6001") {
		t.Errorf("got flags %v, want everybody's chain as peer", args)
	}

	s.addChain(user, "harbour")
	s.converge()
	if args := s.pod(user, "night-0").Spec.Containers[0].Args; !slices.Contains(args, "--peers=ws://harbour."+user+".svc.cluster.local:6001") {
		t.Errorf("got flags %v, want the own chain as peer", args)
	}
}

func TestADearerTypeIsPaidBeforeThePodChanges(t *testing.T) {
	s := newStory(t)
	s.addChain(user, "harbour")
	s.addSet("night", 1)
	s.converge()
	before := s.pod(user, "night-0").UID

	s.till.refuse = fault.New(fault.Exhausted, "InsufficientFunds", "80 OX are needed")
	s.changeSet("night", func(set *v1beta1.MinerSet) { set.Spec.Template.Spec.MinerType = "M1.MEDIUM1" })
	s.converge()
	s.wantCondition(s.miner(user, "night-0"), v1beta1.ConditionPaid, v1beta1.ConditionFalse, "InsufficientFunds")
	if got := s.pod(user, "night-0").UID; got != before {
		t.Fatal("the old pod went before the new one was paid")
	}

	s.till.refuse = nil
	s.converge()
	s.wantSet("night", "1/1", v1beta1.ConditionTrue)
	limits := s.pod(user, "night-0").Spec.Containers[0].Resources.Limits
	if got := limits.Cpu().String(); got != "150m" {
		t.Errorf("got cpu limit %s, want 150m", got)
	}
	if want := map[string]int{s.pool("night") + "-0 S1.SMALL1": 1, s.pool("night") + "-0 M1.MEDIUM1": 1}; !maps.Equal(s.till.charges(), want) {
		t.Errorf("got sales %v, want %v", s.till.charges(), want)
	}
}

func (s *story) pool(set string) string { return string(s.set(set).UID) }

func TestTheTemplateReachesTheMinersAndLeavesTheRestAlone(t *testing.T) {
	s := newStory(t)
	s.addChain(user, "harbour")
	s.addSet("night", 1)
	s.converge()
	s.changeMiner("night-0", func(m *v1beta1.Miner) { m.Labels["mine"] = "stays" })
	s.changeSet("night", func(set *v1beta1.MinerSet) {
		set.Spec.Template.Metadata.Labels = map[string]string{"shift": "late"}
		set.Spec.Template.Metadata.Annotations = map[string]string{"note": "x"}
	})
	s.converge()

	m := s.miner(user, "night-0")
	if m.Labels["shift"] != "late" || m.Labels["mine"] != "stays" || m.Labels["team"] != "" || m.Annotations["note"] != "x" {
		t.Errorf("got labels %v and annotations %v", m.Labels, m.Annotations)
	}
	if m.Spec.DisplayName != "miner-for-night-minerset" {
		t.Errorf("got display name %q", m.Spec.DisplayName)
	}
}

func TestAnUnknownTypeCanBePutRight(t *testing.T) {
	s := newStory(t)
	s.addChain(user, "harbour")
	s.addMiner("alone", func(m *v1beta1.Miner) { m.Spec.MinerType = "XXL" })
	s.converge()
	m := s.miner(user, "alone")
	if m.Status.Phase != v1beta1.MinerFailed || m.Status.FailureReason == nil || *m.Status.FailureReason != v1beta1.FailureInvalidConfiguration {
		t.Fatalf("got status %+v, want a failure that names the type", m.Status)
	}
	s.wantCondition(m, v1beta1.ConditionReady, v1beta1.ConditionFalse, v1beta1.ReasonMinerTypeUnsupported)

	s.changeMiner("alone", func(m *v1beta1.Miner) { m.Spec.MinerType = "S1.SMALL1" })
	s.converge()
	m = s.miner(user, "alone")
	if m.Status.Phase != v1beta1.MinerRunning || m.Status.FailureReason != nil || s.till.sold[0].Pool != string(m.UID) || s.till.sold[0].Number != 0 {
		t.Errorf("got status %+v and sales %+v, want one that runs in slot 0 of a pool of its own", m.Status, s.till.sold)
	}
}

func TestAStrangerInTheWayIsPassedOver(t *testing.T) {
	s := newStory(t)
	s.addChain(user, "harbour")
	s.addMiner("night-1", nil)
	s.addSet("night", 2)
	s.converge()
	s.wantNames("harbour night-0 night-1 night-2")
	if metav1.GetControllerOf(s.miner(user, "night-1")) != nil {
		t.Error("the stranger was taken over")
	}
	s.wantSet("night", "2/2", v1beta1.ConditionTrue)
}

func TestTheFaultsOfTheObjectAPIPass(t *testing.T) {
	s := newStory(t)
	s.addChain(user, "harbour")
	s.addSet("night", 1)
	s.server.Refuse(func(r *http.Request) bool {
		return r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/pods")
	})
	for range 6 {
		s.pass()
	}
	s.wantCondition(s.miner(user, "night-0"), v1beta1.ConditionPodHealthy, v1beta1.ConditionFalse, v1beta1.ReasonPodCreationFailed)

	before := s.miner(user, "night-0").Status.ObservedGeneration
	s.changeSet("night", func(set *v1beta1.MinerSet) { set.Spec.Template.Spec.RestartPolicy = v1beta1.RestartOnFailure })
	s.pass()
	s.pass()
	if got := s.miner(user, "night-0"); got.Generation == before || got.Status.ObservedGeneration != before {
		t.Errorf("got observed generation %d of %d after a pass that failed, want still %d", got.Status.ObservedGeneration, got.Generation, before)
	}
	s.server.Refuse(nil)
	s.converge()
	s.wantSet("night", "1/1", v1beta1.ConditionTrue)
}
