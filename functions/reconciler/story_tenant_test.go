package reconciler

import (
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"onex.io/onex/shared/api/apps/v1beta1"
)

// A tenant may write every field of the own objects, owners and labels among them. These stories try to get
// something for nothing by that.

func TestATenantsImageIsNotRun(t *testing.T) {
	s := newStory(t)
	for _, ns := range []string{user, v1beta1.ChainNamespace} {
		c := s.addChain(ns, "harbour")
		c.Spec.Image = "fast-hashes:9"
		must(s.api.Chains(ns).Update(t.Context(), c, metav1.UpdateOptions{}))(t)
	}
	s.converge()
	if got := s.pod(user, "harbour").Spec.Containers[0].Image; got != "toyblc:1" {
		t.Errorf("got image %q on a tenant's chain, want the operator's", got)
	}
	if got := s.pod(v1beta1.ChainNamespace, "harbour").Spec.Containers[0].Image; got != "fast-hashes:9" {
		t.Errorf("got image %q on the operator's chain, want the one it names", got)
	}
}

func TestAMinerThatCallsItselfGenesisPays(t *testing.T) {
	s := newStory(t)
	s.addChain(user, "harbour")
	s.addMiner("alone", func(m *v1beta1.Miner) { m.Labels = map[string]string{v1beta1.ChainNameLabel: "harbour"} })
	s.converge()
	if len(s.till.sold) != 1 {
		t.Errorf("got %d sales, want one", len(s.till.sold))
	}
	if got := s.pod(user, "alone").Labels[v1beta1.ChainNameLabel]; got != "" {
		t.Errorf("the pod claims to be the genesis of %q", got)
	}
}

func TestASecondMinerOfAChainPays(t *testing.T) {
	s := newStory(t)
	chain := s.addChain(user, "harbour")
	s.addMiner("alone", func(m *v1beta1.Miner) {
		m.OwnerReferences = []metav1.OwnerReference{*metav1.NewControllerRef(chain, v1beta1.Kind(v1beta1.KindChain))}
	})
	s.converge()
	if len(s.till.sold) != 1 || s.till.sold[0].Pool != string(s.miner(user, "alone").UID) {
		t.Errorf("got sales %+v, want one in the miner's own pool", s.till.sold)
	}
}

func TestAMinerOfAnOwnerThatIsNotThereWaits(t *testing.T) {
	for _, kind := range []string{v1beta1.KindChain, v1beta1.KindMinerSet} {
		t.Run(kind, func(t *testing.T) {
			s := newStory(t)
			s.addChain(user, "harbour")
			s.addSet("night", 0)
			owner := &v1beta1.MinerSet{ObjectMeta: metav1.ObjectMeta{Name: "night", UID: types.UID("somebody-elses")}}
			s.addMiner("night-0", func(m *v1beta1.Miner) {
				m.OwnerReferences = []metav1.OwnerReference{*metav1.NewControllerRef(owner, v1beta1.Kind(kind))}
			})
			s.converge()
			if s.till.asked != 0 {
				t.Errorf("got sales %+v, want none", s.till.sold)
			}
			if pods := must(s.pods.List(t.Context(), user))(t); len(pods) != 1 {
				t.Errorf("got %d pods, want that of the genesis only", len(pods))
			}
			if s.wake == 0 {
				t.Error("nobody will look again")
			}
		})
	}
}

func TestAMinerOfAnEarlierChainIsNotTheNewOnesGenesis(t *testing.T) {
	s := newStory(t)
	earlier := &v1beta1.Chain{ObjectMeta: metav1.ObjectMeta{Name: "harbour", UID: "earlier"}}
	s.addMiner("harbour", func(m *v1beta1.Miner) {
		m.OwnerReferences = []metav1.OwnerReference{*metav1.NewControllerRef(earlier, v1beta1.Kind(v1beta1.KindChain))}
	})
	s.addChain(user, "harbour")
	for range 5 {
		s.pass()
	}
	if pods := must(s.pods.List(t.Context(), user))(t); len(pods) != 0 {
		t.Errorf("got a pod that nobody pays for")
	}
}

func TestAChainWhoseNameIsTakenSaysSo(t *testing.T) {
	s := newStory(t)
	s.addMiner("harbour", nil)
	s.addChain(user, "harbour")
	for range 5 {
		s.pass()
	}
	chain := must(s.api.Chains(user).Get(t.Context(), "harbour", metav1.GetOptions{}))(t)
	c := v1beta1.FindCondition(chain.Status.Conditions, v1beta1.ConditionReady)
	if c == nil || c.Reason != v1beta1.ReasonMinerCreationFailed || c.Severity != v1beta1.SeverityError {
		t.Errorf("got %+v, want an error that names the miner", c)
	}
	if metav1.GetControllerOf(s.miner(user, "harbour")) != nil {
		t.Error("the chain took a miner over that somebody bought")
	}
}
