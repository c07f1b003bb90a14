package reconciler

import (
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/util/retry"

	"onex.io/onex/shared/api/apps/v1beta1"
)

// The acts of a story: what people and clusters do to the world.

func (s *story) addChain(ns, name string) *v1beta1.Chain {
	s.t.Helper()
	c := &v1beta1.Chain{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec:       v1beta1.ChainSpec{MinerType: "S1.SMALL2", MinMineIntervalSeconds: 30},
	}
	return must(s.api.Chains(ns).Create(s.t.Context(), c, metav1.CreateOptions{}))(s.t)
}

func (s *story) addSet(name string, replicas int32) *v1beta1.MinerSet {
	s.t.Helper()
	set := &v1beta1.MinerSet{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec: v1beta1.MinerSetSpec{
			Replicas: &replicas,
			Template: v1beta1.MinerTemplateSpec{
				Metadata: v1beta1.TemplateMeta{Labels: map[string]string{"team": "blue"}},
				Spec:     v1beta1.MinerSpec{ChainName: "harbour", MinerType: "S1.SMALL1", RestartPolicy: v1beta1.RestartAlways},
			},
		},
	}
	return must(s.api.MinerSets(user).Create(s.t.Context(), set, metav1.CreateOptions{}))(s.t)
}

func (s *story) addMiner(name string, change func(*v1beta1.Miner)) *v1beta1.Miner {
	s.t.Helper()
	m := &v1beta1.Miner{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec:       v1beta1.MinerSpec{ChainName: "harbour", MinerType: "S1.SMALL1"},
	}
	if change != nil {
		change(m)
	}
	return must(s.api.Miners(user).Create(s.t.Context(), m, metav1.CreateOptions{}))(s.t)
}

func (s *story) changeSet(name string, change func(*v1beta1.MinerSet)) {
	s.t.Helper()
	s.untilTaken(func() error {
		set := s.set(name)
		change(set)
		_, err := s.api.MinerSets(user).Update(s.t.Context(), set, metav1.UpdateOptions{})
		return err
	})
}

func (s *story) changeMiner(name string, change func(*v1beta1.Miner)) {
	s.t.Helper()
	s.untilTaken(func() error {
		m := s.miner(user, name)
		change(m)
		_, err := s.api.Miners(user).Update(s.t.Context(), m, metav1.UpdateOptions{})
		return err
	})
}

// untilTaken changes an object again if somebody else has changed it in between.
func (s *story) untilTaken(change func() error) {
	s.t.Helper()
	if err := retry.RetryOnConflict(retry.DefaultBackoff, change); err != nil {
		s.t.Fatal(err)
	}
}

func (s *story) scale(name string, replicas int32) {
	s.t.Helper()
	s.changeSet(name, func(set *v1beta1.MinerSet) { set.Spec.Replicas = &replicas })
}

func (s *story) kill(ns, pod string) {
	s.t.Helper()
	if err := s.nodes.core.CoreV1().Pods(ns).Delete(s.t.Context(), pod, metav1.DeleteOptions{}); err != nil {
		s.t.Fatal(err)
	}
}

// What people see of the world.

func (s *story) set(name string) *v1beta1.MinerSet {
	s.t.Helper()
	return must(s.api.MinerSets(user).Get(s.t.Context(), name, metav1.GetOptions{}))(s.t)
}

func (s *story) miner(ns, name string) *v1beta1.Miner {
	s.t.Helper()
	return must(s.api.Miners(ns).Get(s.t.Context(), name, metav1.GetOptions{}))(s.t)
}

func (s *story) pod(ns, name string) *corev1.Pod {
	s.t.Helper()
	return must(s.nodes.core.CoreV1().Pods(ns).Get(s.t.Context(), name, metav1.GetOptions{}))(s.t)
}

// names are the living Miners of the user, in one line.
func (s *story) names() string {
	s.t.Helper()
	var names []string
	for _, key := range keysIn(s, s.world.miners, user) {
		names = append(names, strings.TrimPrefix(key, user+"/"))
	}
	return strings.Join(names, " ")
}

// wantSet checks what a person reads in the table, and that the summary agrees.
func (s *story) wantSet(name, ready string, status v1beta1.ConditionStatus) {
	s.t.Helper()
	set := s.set(name)
	c := v1beta1.FindCondition(set.Status.Conditions, v1beta1.ConditionReady)
	if c == nil || set.Status.Ready != ready || c.Status != status {
		s.t.Fatalf("minerset %q: got ready %q and condition %+v, want %q and %s", name, set.Status.Ready, c, ready, status)
	}
}

func (s *story) wantCondition(m *v1beta1.Miner, t v1beta1.ConditionType, status v1beta1.ConditionStatus, reason string) {
	s.t.Helper()
	c := v1beta1.FindCondition(m.Status.Conditions, t)
	if c == nil || c.Status != status || c.Reason != reason {
		s.t.Fatalf("miner %q: got condition %+v, want %s %s %q", m.Name, c, t, status, reason)
	}
}

func (s *story) wantNames(want string) {
	s.t.Helper()
	if got := s.names(); got != want {
		s.t.Fatalf("got miners %q, want %q", got, want)
	}
}

// must gives the value, and ends the test if there is an error instead.
func must[T any](v T, err error) func(*testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}
