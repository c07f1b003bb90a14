package reconciler

import (
	"slices"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"onex.io/onex/shared/api/apps/v1beta1"
)

// slotOfMiner is the place that a Miner says it has bought, as "pool-slot".
func (s *story) bought(name string) string {
	s.t.Helper()
	p := s.miner(user, name).Status.Purchase
	if p == nil {
		return ""
	}
	return minerName(p.Pool, p.Slot)
}

// inPool counts the distinct places of a set that were sold.
func (s *story) inPool(set string) int {
	s.t.Helper()
	var places []string
	for _, slot := range s.till.sold {
		if place := minerName(slot.Pool, slot.Number); slot.Pool == s.pool(set) && !slices.Contains(places, place) {
			places = append(places, place)
		}
	}
	return len(places)
}

func (s *story) relabel(name, value string) {
	s.t.Helper()
	s.changeMiner(name, func(m *v1beta1.Miner) { m.Labels[v1beta1.MinerSetLabel] = value })
}

func TestAnOrphanIsAdoptedAndTakesASlot(t *testing.T) {
	s := newStory(t)
	s.addChain(user, "harbour")
	s.addMiner("stray", func(m *v1beta1.Miner) { m.Labels = map[string]string{v1beta1.MinerSetLabel: "night"} })
	s.addMiner("friend", func(m *v1beta1.Miner) { m.Labels = map[string]string{"color": "green"} })
	s.addMiner("stranger", func(m *v1beta1.Miner) { m.Labels = map[string]string{"color": "red"} })
	s.addSet("night", 3)
	s.changeSet("night", func(set *v1beta1.MinerSet) {
		set.Spec.Selector = &metav1.LabelSelector{MatchLabels: map[string]string{"color": "green"}}
	})
	s.converge()

	s.wantNames("friend harbour night-2 stranger stray")
	for i, name := range []string{"friend", "stray", "night-2"} {
		m := s.miner(user, name)
		if !metav1.IsControlledBy(m, s.set("night")) || m.Labels["team"] != "blue" || *m.Status.Slot != int32(i) || s.bought(name) != minerName(s.pool("night"), int32(i)) {
			t.Errorf("%s is not the set's in slot %d: %+v, %+v", name, i, m.ObjectMeta, m.Status)
		}
	}
	s.wantSet("night", "3/3", v1beta1.ConditionTrue)
}

func TestAnAdoptedMinerTakesASlotThatIsPaidFree(t *testing.T) {
	s := newStory(t)
	s.addChain(user, "harbour")
	s.addSet("night", 3)
	s.converge()
	s.changeMiner("night-1", func(m *v1beta1.Miner) { m.Annotations[v1beta1.DeleteMinerAnnotation] = "" })
	s.scale("night", 2)
	s.converge()
	s.addMiner("stray", func(m *v1beta1.Miner) { m.Labels = map[string]string{v1beta1.MinerSetLabel: "night"} })
	s.scale("night", 3)
	s.converge()

	s.wantNames("harbour night-0 night-2 stray")
	s.wantSet("night", "3/3", v1beta1.ConditionTrue)
	if s.bought("stray") != minerName(s.pool("night"), 1) || s.inPool("night") != 3 {
		t.Errorf("the stray stands in %s; the set has bought %d slots, want 3", s.bought("stray"), s.inPool("night"))
	}
}

func TestARelabeledMinerIsReleasedAndPaysForItself(t *testing.T) {
	s := newStory(t)
	s.addChain(user, "harbour")
	s.addSet("night", 2)
	s.converge()
	s.relabel("night-0", "day")
	s.converge()

	s.wantNames("harbour night-0 night-1 night-2")
	m := s.miner(user, "night-0")
	if metav1.GetControllerOf(m) != nil || m.Labels[v1beta1.MinerSetNameLabel] != "" || s.bought("night-0") != minerName(string(m.UID), 0) {
		t.Errorf("night-0 is not on its own: %+v, bought %s", m.ObjectMeta, s.bought("night-0"))
	}
	if got := s.pod(user, "night-0").Annotations[v1beta1.OwnerNameAnnotation]; got != "" {
		t.Errorf("its pod is still of the make of %q", got)
	}
	s.wantSet("night", "2/2", v1beta1.ConditionTrue)

	s.relabel("night-0", "night") // and back again: its old slot is paid, and one Miner is now too many
	s.converge()
	s.wantSet("night", "2/2", v1beta1.ConditionTrue)
	if got := s.inPool("night"); got != 3 {
		t.Errorf("the set has bought %d slots, want the 3 that it used", got)
	}
}

// One paid slot must not start Miner after Miner, each released as soon as it runs.
func TestAReleasedMinerThatCannotPayStops(t *testing.T) {
	s := newStory(t)
	s.addChain(user, "harbour")
	s.till.pay(1)
	s.addSet("night", 1)
	s.converge()
	s.wantSet("night", "1/1", v1beta1.ConditionTrue)
	s.relabel("night-0", "day")
	s.converge()

	s.wantCondition(s.miner(user, "night-0"), v1beta1.ConditionPaid, v1beta1.ConditionFalse, "InsufficientFunds")
	for _, name := range []string{"night-0", "night-1"} {
		if _, err := s.core.CoreV1().Pods(user).Get(t.Context(), name, metav1.GetOptions{}); !apierrors.IsNotFound(err) {
			t.Errorf("%s runs and nobody has paid for it: %v", name, err)
		}
	}
	s.changeMiner("night-1", func(m *v1beta1.Miner) { m.Annotations[v1beta1.DeleteMinerAnnotation] = "" })
	s.addMiner("stray", func(m *v1beta1.Miner) { m.Labels = map[string]string{v1beta1.MinerSetLabel: "night"} })
	s.converge()
	if pods := must(s.pods.List(t.Context(), user))(t); len(pods) != 2 {
		t.Errorf("%d pods, want the genesis and one: one slot is paid", len(pods))
	}
}
