package reconciler

import (
	"net/http"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"onex.io/onex/shared/api/apps/v1beta1"
	"onex.io/onex/shared/fault"
	"onex.io/onex/shared/object"
)

// working counts the pods of a set that are ready, and those of them that are of a type's make.
func (s *story) working(set, cpu string) (ready, made int) {
	s.t.Helper()
	for _, pod := range must(s.pods.List(s.t.Context(), user))(s.t) {
		if pod.Labels[v1beta1.MinerSetLabel] != set || !podReady(pod) {
			continue
		}
		ready++
		if pod.Spec.Containers[0].Resources.Limits.Cpu().String() == cpu {
			made++
		}
	}
	return ready, made
}

func (s *story) changeType(set, minerType string) {
	s.t.Helper()
	s.changeSet(set, func(m *v1beta1.MinerSet) { m.Spec.Template.Spec.MinerType = minerType })
}

func TestAChangeOfTypeRollsOnePodAtATime(t *testing.T) {
	s := newStory(t)
	s.addChain(user, "harbour")
	s.addSet("night", 4)
	s.converge()
	s.changeType("night", "M1.MEDIUM1")
	fewest, made := 4, 0
	for range 60 {
		s.pass()
		ready, _ := s.working("night", "")
		fewest = min(fewest, ready)
		s.kubelet()
		if _, made = s.working("night", "150m"); made == 4 {
			break
		}
		s.clock = s.clock.Add(rollSettle / 2)
	}
	if fewest != 3 || made != 4 {
		t.Errorf("%d of 4 are of the new make, and once only %d worked; want all, and never less than 3", made, fewest)
	}
	s.converge()
	s.wantSet("night", "4/4", v1beta1.ConditionTrue)
}

func TestARollOutStopsAtAPodThatDoesNotStart(t *testing.T) {
	s := newStory(t)
	s.addChain(user, "harbour")
	s.addSet("night", 3)
	s.converge()
	for _, name := range []string{"night-0", "night-1", "night-2"} {
		s.sick[name] = true // whatever is started now does not come up
	}
	s.changeType("night", "M1.MEDIUM1")
	for range 10 {
		s.converge()
		s.clock = s.clock.Add(rollSettle)
	}
	if ready, made := s.working("night", "150m"); ready != 2 || made != 0 {
		t.Errorf("%d work, %d of the new make; want the two others left as they were", ready, made)
	}
	s.sick = map[string]bool{}
	for range 10 {
		s.converge()
		s.clock = s.clock.Add(rollSettle)
	}
	if _, made := s.working("night", "150m"); made != 3 {
		t.Errorf("%d of the new make, want all", made)
	}
}

func TestATypeThatCannotBePaidLeavesThePodsAlone(t *testing.T) {
	s := newStory(t)
	s.addChain(user, "harbour")
	s.till.pay(3)
	s.addSet("night", 2)
	s.converge()
	s.changeType("night", "M1.MEDIUM1") // the coins are enough for one
	for range 4 {
		s.converge()
		s.clock = s.clock.Add(rollSettle)
	}
	if ready, made := s.working("night", "150m"); ready != 2 || made != 1 {
		t.Errorf("%d work, %d of the new make; want both, one of it", ready, made)
	}
	c := v1beta1.FindCondition(s.set("night").Status.Conditions, v1beta1.ConditionPaid)
	if c == nil || c.Reason != v1beta1.ReasonInsufficientFunds || c.Message != "1 of 2 paid: 50 OX are needed" {
		t.Errorf("got %+v", c)
	}
}

func TestASetOfTenThousandRunsWhatIsPaidForAndGoesOnWhenCoinsArrive(t *testing.T) {
	s := newStory(t)
	s.addChain(user, "harbour")
	s.till.pay(7)
	s.addSet("night", 10000)
	s.converge()
	want := func(told string, miners int) {
		t.Helper()
		set := s.set("night")
		for _, kind := range []v1beta1.ConditionType{v1beta1.ConditionPaid, v1beta1.ConditionReady} {
			c := v1beta1.FindCondition(set.Status.Conditions, kind)
			if c == nil || c.Status != v1beta1.ConditionFalse || c.Reason != v1beta1.ReasonInsufficientFunds || c.Message != told {
				t.Errorf("%s: got %+v, want %q", kind, c, told)
			}
		}
		if got := len(strings.Fields(s.names())) - 1; got != miners {
			t.Errorf("got %d miners, want %d", got, miners)
		}
	}
	want("7 of 10000 paid: 50 OX are needed", 7+burst)
	s.wantSet("night", "7/10000", v1beta1.ConditionFalse)
	s.till.pay(5)
	s.converge()
	want("12 of 10000 paid: 50 OX are needed", 12+burst)
	s.till.refuse = fault.New(fault.Exhausted, "InsufficientQuota", "12 miners are your limit")
	s.converge()
	if c := v1beta1.FindCondition(s.set("night").Status.Conditions, v1beta1.ConditionPaid); c.Reason != v1beta1.ReasonInsufficientQuota {
		t.Errorf("got %+v, want the wallet's reason", c)
	}
	if got := len(s.till.charges()); got != 12 {
		t.Errorf("%d slots were charged, want 12", got)
	}
	s.scale("night", 12)
	s.converge()
	s.wantSet("night", "12/12", v1beta1.ConditionTrue)
}

func TestTheTraceOfAClickReachesThePods(t *testing.T) {
	const parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
	s := newStory(t)
	chain := s.addChain(user, "harbour")
	chain.Annotations = map[string]string{object.TraceAnnotation: parent}
	must(s.api.Chains(user).Update(t.Context(), chain, metav1.UpdateOptions{}))(t)
	s.addSet("night", 1)
	s.changeSet("night", func(set *v1beta1.MinerSet) { set.Annotations = map[string]string{object.TraceAnnotation: parent} })
	s.addMiner("alone", nil)
	s.converge()
	for name, want := range map[string]string{"harbour": parent, "night-0": parent, "alone": ""} {
		pod := s.pod(user, name)
		env := pod.Spec.Containers[0].Env
		if got := pod.Annotations[object.TraceAnnotation]; got != want {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
		if last := env[len(env)-1]; last.Name != "TRACEPARENT" || last.ValueFrom.FieldRef.FieldPath != "metadata.annotations['onex.io/traceparent']" {
			t.Errorf("%s: the node cannot read it: %+v", name, last)
		}
	}
	before := s.pod(user, "night-0").UID
	s.changeMiner("night-0", func(m *v1beta1.Miner) { m.Annotations[object.TraceAnnotation] = "other" })
	s.converge()
	if s.pod(user, "night-0").UID != before {
		t.Error("another trace made another pod")
	}
}

func TestChainsBeyondTheLimitGetNoNode(t *testing.T) {
	s := newStory(t)
	for _, name := range []string{"a", "b", "c", "d", "e", "f", "g"} {
		s.addChain(user, name)
		s.addChain(v1beta1.ChainNamespace, name)
	}
	nodes := func(namespace string) int { return len(must(s.pods.List(t.Context(), namespace))(t)) }
	s.converge()
	if nodes(user) != 5 || nodes(v1beta1.ChainNamespace) != 7 {
		t.Fatalf("%d and %d nodes, want 5 of a user's and all of the operator's", nodes(user), nodes(v1beta1.ChainNamespace))
	}
	var refused, kept []string
	for _, key := range keysIn(s, s.chains, user) {
		name := strings.TrimPrefix(key, user+"/")
		chain := must(s.api.Chains(user).Get(t.Context(), name, metav1.GetOptions{}))(t)
		if c := v1beta1.FindCondition(chain.Status.Conditions, v1beta1.ConditionReady); c.Reason == v1beta1.ReasonInsufficientQuota {
			refused = append(refused, name)
		} else {
			kept = append(kept, name)
		}
	}
	if len(refused) != 2 {
		t.Fatalf("refused %v, want two that say why", refused)
	}
	if err := s.api.Chains(user).Delete(t.Context(), kept[0], metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	s.kill(user, kept[1]) // a chain that has had a node keeps its place
	s.converge()
	if nodes(user) != 5 {
		t.Errorf("%d nodes after one chain went, want 5 again", nodes(user))
	}
	s.pod(user, kept[1])
}

// What a pass could not do is not told as done: who waits for a generation would wait no longer.
func TestTheGenerationIsSeenWhenThePodIsOfIt(t *testing.T) {
	s := newStory(t)
	s.addChain(user, "harbour")
	s.addSet("night", 2)
	s.converge()
	s.server.Refuse(func(r *http.Request) bool {
		return r.Method == http.MethodDelete && strings.HasSuffix(r.URL.Path, "/pods/night-0")
	})
	s.changeType("night", "M1.MEDIUM1")
	for range 5 {
		s.pass()
	}
	for _, name := range []string{"night-0", "night-1"} {
		m := s.miner(user, name)
		old := s.pod(user, name).Spec.Containers[0].Resources.Limits.Cpu().String() != "150m"
		if old && m.Status.ObservedGeneration == m.Generation {
			t.Errorf("%s says that it is of generation %d, and its pod is not", name, m.Generation)
		}
	}
}
