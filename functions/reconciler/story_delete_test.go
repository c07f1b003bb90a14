package reconciler

import (
	"slices"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"onex.io/onex/shared/api/apps/v1beta1"
)

func (s *story) deleteSet(name string) {
	s.t.Helper()
	if err := s.api.MinerSets(user).Delete(s.t.Context(), name, metav1.DeleteOptions{}); err != nil {
		s.t.Fatal(err)
	}
}

func (s *story) wantNothingLeft() {
	s.t.Helper()
	pods := must(s.pods.List(s.t.Context(), user))(s.t)
	secrets := must(s.core.CoreV1().Secrets(user).List(s.t.Context(), metav1.ListOptions{}))(s.t)
	if s.names() != "" || len(pods) > 0 || len(secrets.Items) > 0 {
		s.t.Fatalf("left behind: miners %q, %d pods, %d secrets", s.names(), len(pods), len(secrets.Items))
	}
}

func TestDeletingASetTakesItsMinersFirst(t *testing.T) {
	s := newStory(t)
	s.addChain(v1beta1.ChainNamespace, "harbour")
	s.addSet("night", 3)
	s.converge()

	s.deleteSet("night")
	if _, faults := s.pass(); faults != nil {
		t.Fatal(faults)
	}
	if got := s.set("night"); !slices.Contains(got.Finalizers, v1beta1.MinerSetFinalizer) {
		t.Fatalf("the set went before its miners: %+v", got.ObjectMeta)
	}
	s.deleteSet("night") // deleted twice
	s.converge()

	s.wantNothingLeft()
	if _, err := s.api.MinerSets(user).Get(t.Context(), "night", metav1.GetOptions{}); !apierrors.IsNotFound(err) {
		t.Errorf("got %v, want the set gone", err)
	}
}

func TestDeletingASetThatWasNeverLookedAt(t *testing.T) {
	s := newStory(t)
	s.addSet("night", 3)
	s.deleteSet("night")
	s.converge()
	s.wantNothingLeft()
}

func TestDeletingAMinerThatWasNeverLookedAt(t *testing.T) {
	s := newStory(t)
	s.addMiner("alone", nil)
	if err := s.api.Miners(user).Delete(t.Context(), "alone", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	s.converge()
	s.wantNothingLeft()
}

func TestDeletingASetButKeepingItsMiners(t *testing.T) {
	s := newStory(t)
	s.addChain(v1beta1.ChainNamespace, "harbour")
	s.addSet("night", 2)
	s.converge()
	s.changeSet("night", func(set *v1beta1.MinerSet) {
		set.Finalizers = append(set.Finalizers, metav1.FinalizerOrphanDependents)
	})
	s.deleteSet("night")
	s.converge()
	s.wantNames("night-0 night-1")

	// What the cluster's garbage collector does next.
	for _, name := range []string{"night-0", "night-1"} {
		s.changeMiner(name, func(m *v1beta1.Miner) { m.OwnerReferences = nil })
	}
	s.changeSet("night", func(set *v1beta1.MinerSet) {
		set.Finalizers = without(set.Finalizers, metav1.FinalizerOrphanDependents)
	})
	s.converge()
	s.wantNames("night-0 night-1")
	if _, err := s.api.MinerSets(user).Get(t.Context(), "night", metav1.GetOptions{}); !apierrors.IsNotFound(err) {
		t.Errorf("got %v, want the set gone", err)
	}
}

func TestDeletingAChainTakesItsGenesis(t *testing.T) {
	s := newStory(t)
	s.addChain(user, "harbour")
	s.addMiner("alone", nil)
	s.converge()
	if err := s.api.Chains(user).Delete(t.Context(), "harbour", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	s.converge()

	s.wantNames("alone")
	s.wantCondition(s.miner(user, "alone"), v1beta1.ConditionChainFound, v1beta1.ConditionFalse, v1beta1.ReasonChainNotFound)
	services := must(s.services.List(t.Context(), user))(t)
	if len(services) > 0 {
		t.Errorf("got %d services left, want none", len(services))
	}
	// The node of a miner whose chain is gone is left alone: the chain may be coming back.
	s.pod(user, "alone")
}

// holdPod makes a pod refuse to go, as one does whose machine no longer answers.
func (s *story) holdPod(name string) {
	s.t.Helper()
	pod := s.pod(user, name)
	pod.Finalizers = []string{"test/hold"}
	must(s.core.CoreV1().Pods(user).Update(s.t.Context(), pod, metav1.UpdateOptions{}))(s.t)
}

func TestAPodThatRefusesToGoIsWaitedForUpToTheTimeout(t *testing.T) {
	rows := []struct {
		name    string
		timeout *metav1.Duration
		after   time.Duration
		gone    bool
		wake    time.Duration
	}{
		{"no timeout waits for ever", nil, time.Hour, false, 0},
		{"zero waits for ever", &metav1.Duration{}, time.Hour, false, 0},
		{"before the timeout it waits the rest", &metav1.Duration{Duration: 30 * time.Second}, 20 * time.Second, false, 10 * time.Second},
		{"after the timeout it goes on", &metav1.Duration{Duration: 30 * time.Second}, 30 * time.Second, true, 0},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			s := newStory(t)
			s.addChain(v1beta1.ChainNamespace, "harbour")
			s.addMiner("alone", func(m *v1beta1.Miner) { m.Spec.PodDeletionTimeout = row.timeout })
			s.converge()
			s.holdPod("alone")
			if err := s.api.Miners(user).Delete(t.Context(), "alone", metav1.DeleteOptions{}); err != nil {
				t.Fatal(err)
			}
			s.clock = s.miner(user, "alone").DeletionTimestamp.Add(row.after)
			s.converge()
			if gone := s.names() == ""; gone != row.gone || s.wake != row.wake {
				t.Fatalf("got miners %q and next pass in %s, want gone %t and %s", s.names(), s.wake, row.gone, row.wake)
			}
			if !row.gone {
				s.wantCondition(s.miner(user, "alone"), v1beta1.ConditionPodHealthy, v1beta1.ConditionFalse, v1beta1.ReasonDeleting)
			}
		})
	}
}

func TestAReplacementWaitsForItsSlotAndTakesNoOther(t *testing.T) {
	s := newStory(t)
	s.addChain(v1beta1.ChainNamespace, "harbour")
	s.addSet("night", 2)
	s.converge()
	s.holdPod("night-0")
	if err := s.api.Miners(user).Delete(t.Context(), "night-0", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	s.converge()
	s.wantNames("night-0 night-1")
	s.wantSet("night", "1/2", v1beta1.ConditionFalse)

	pod := s.pod(user, "night-0")
	pod.Finalizers = nil
	must(s.core.CoreV1().Pods(user).Update(t.Context(), pod, metav1.UpdateOptions{}))(t)
	s.converge()
	s.wantSet("night", "2/2", v1beta1.ConditionTrue)
	if got := s.till.charges(); len(got) != 2 {
		t.Errorf("got sales %v, want two places", got)
	}
}

func TestAPausedObjectIsLeftAlone(t *testing.T) {
	s := newStory(t)
	s.addChain(v1beta1.ChainNamespace, "harbour")
	s.addSet("night", 2)
	s.converge()
	s.changeSet("night", func(set *v1beta1.MinerSet) {
		set.Annotations = map[string]string{v1beta1.PausedAnnotation: ""}
	})
	s.scale("night", 5)
	s.changeMiner("night-0", func(m *v1beta1.Miner) { m.Annotations[v1beta1.PausedAnnotation] = "" })
	s.kill(user, "night-0")
	s.converge()
	s.wantNames("night-0 night-1")
	if _, err := s.core.CoreV1().Pods(user).Get(t.Context(), "night-0", metav1.GetOptions{}); !apierrors.IsNotFound(err) {
		t.Errorf("got %v, want no pod while the miner is paused", err)
	}

	s.changeSet("night", func(set *v1beta1.MinerSet) { set.Annotations = nil })
	s.changeMiner("night-0", func(m *v1beta1.Miner) { delete(m.Annotations, v1beta1.PausedAnnotation) })
	s.converge()
	s.wantSet("night", "5/5", v1beta1.ConditionTrue)
}

func TestASetThatMayNotGrowStillShrinks(t *testing.T) {
	s := newStory(t)
	s.addChain(v1beta1.ChainNamespace, "harbour")
	s.addSet("night", 3)
	s.converge()
	s.changeSet("night", func(set *v1beta1.MinerSet) {
		set.Annotations = map[string]string{v1beta1.DisableMinerCreateAnnotation: ""}
	})
	s.scale("night", 4)
	s.converge()
	s.wantSet("night", "3/4", v1beta1.ConditionFalse)
	s.scale("night", 1)
	s.converge()
	s.wantSet("night", "1/1", v1beta1.ConditionTrue)
}

func TestAMinerIsAvailableWhenItHasBeenReadyLongEnough(t *testing.T) {
	s := newStory(t)
	s.addChain(v1beta1.ChainNamespace, "harbour")
	s.addSet("night", 1)
	s.changeSet("night", func(set *v1beta1.MinerSet) { set.Spec.MinReadySeconds = 10 })
	s.converge()
	if got := s.set("night").Status; got.ReadyReplicas != 1 || got.AvailableReplicas != 0 || s.wake != 10*time.Second {
		t.Fatalf("got %d ready, %d available, next pass in %s; want 1, 0, 10s", got.ReadyReplicas, got.AvailableReplicas, s.wake)
	}
	s.clock = s.clock.Add(10 * time.Second)
	s.converge()
	if got := s.set("night").Status.AvailableReplicas; got != 1 {
		t.Errorf("got %d available, want 1", got)
	}
}

func TestAPodThatNeverGetsReadyIsTold(t *testing.T) {
	s := newStory(t)
	s.addChain(v1beta1.ChainNamespace, "harbour")
	s.sick["alone"] = true
	s.addMiner("alone", nil)
	s.converge()
	pod := s.pod(user, "alone").DeepCopy()
	pod.Status.ContainerStatuses = []corev1.ContainerStatus{{
		State: corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: "ImagePullBackOff", Message: "no such image"}},
	}}
	must(s.core.CoreV1().Pods(user).UpdateStatus(t.Context(), pod, metav1.UpdateOptions{}))(t)
	s.converge()

	m := s.miner(user, "alone")
	c := v1beta1.FindCondition(m.Status.Conditions, v1beta1.ConditionReady)
	if m.Status.Phase != v1beta1.MinerProvisioning || c.Message != "ImagePullBackOff: no such image" {
		t.Errorf("got phase %q and %+v", m.Status.Phase, c)
	}
}
