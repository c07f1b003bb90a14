package reconciler

import (
	"context"
	"testing"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/kubernetes"

	"onex.io/onex/shared/api/apps/v1beta1"
	"onex.io/onex/shared/kube"
	"onex.io/onex/shared/kube/kubetest"
)

// movesAway gives the story a second object API, in which the nodes run.
func (s *story) movesAway() *kubetest.Server {
	s.t.Helper()
	far := kubetest.New(s.t)
	core := must(kubernetes.NewForConfig(far.Config()))(s.t)
	s.nodes = site{core: core, away: true, spaces: must(kube.New(far.Config()))(s.t)}
	s.pods = reads(core.CoreV1().Pods, func(l *corev1.PodList) []corev1.Pod { return l.Items })
	s.services = reads(core.CoreV1().Services, func(l *corev1.ServiceList) []corev1.Service { return l.Items })
	return far
}

// wantNothing wants no pod, Service or key in an object API.
func wantNothing(t *testing.T, where string, core kubernetes.Interface) {
	t.Helper()
	for _, ns := range []string{v1beta1.ChainNamespace, user} {
		pods := must(core.CoreV1().Pods(ns).List(t.Context(), metav1.ListOptions{}))(t)
		services := must(core.CoreV1().Services(ns).List(t.Context(), metav1.ListOptions{}))(t)
		secrets := must(core.CoreV1().Secrets(ns).List(t.Context(), metav1.ListOptions{}))(t)
		if p, v, k := len(pods.Items), len(services.Items), len(secrets.Items); p+v+k > 0 {
			t.Errorf("%s: %d pods, %d services and %d keys in %s", where, p, v, k, ns)
		}
	}
}

func TestNodesInAnotherCluster(t *testing.T) {
	s := newStory(t)
	far := s.movesAway()
	s.addChain(user, "harbour")
	s.addSet("night", 2)
	s.converge()

	wantNothing(t, "at home", s.core)
	pod := s.pod(user, "night-1")
	if len(pod.OwnerReferences) > 0 || pod.Annotations[v1beta1.OwnedByAnnotation] != "Miner/night-1/"+string(s.miner(user, "night-1").UID) {
		t.Errorf("the other cluster's collector would take the pod: %v, or nobody would know it: %v", pod.OwnerReferences, pod.Annotations)
	}
	if got := s.set("night").Status.Ready; got != "2/2" {
		t.Errorf("ready %s", got)
	}
	rest := far.Writes()
	s.converge()
	if n := far.Writes() - rest; n > 0 {
		t.Errorf("a settled world was written to %d times", n)
	}

	before := pod.UID
	s.kill(user, "night-1")
	s.converge()
	if s.pod(user, "night-1").UID == before {
		t.Error("the pod was not replaced")
	}

	s.deleteSet("night")
	if err := s.api.Chains(user).Delete(t.Context(), "harbour", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	s.converge()
	wantNothing(t, "there", s.nodes.core)
}

// Without finalizers an object goes at once, and no collector of the other cluster knows of it.
func TestWhatWentByForceIsSweptInTheOtherCluster(t *testing.T) {
	s := newStory(t)
	s.movesAway()
	s.addChain(user, "harbour")
	s.addMiner("lone", nil)
	s.converge()
	s.scrap("lone")
	s.scrap("harbour")
	s.scrapChain("harbour")
	for range 2 { // swept twice
		for kind, name := range map[string]string{v1beta1.ResourceMiners: "lone", v1beta1.ResourceChains: "harbour"} {
			if err := s.loops[kind].Reconcile(t.Context(), user+"/"+name); err != nil {
				t.Fatal(err)
			}
		}
		if err := s.loops[v1beta1.ResourceMiners].Reconcile(t.Context(), user+"/harbour"); err != nil {
			t.Fatal(err)
		}
	}
	wantNothing(t, "there", s.nodes.core)
}

// The name is what they have in common, and what is left of the first would be in the way for ever.
func TestAnotherOfTheNameComesAfterOneThatWentByForce(t *testing.T) {
	s := newStory(t)
	far := s.movesAway()
	s.addChain(user, "harbour")
	s.addMiner("lone", nil)
	s.converge()
	pod, key := s.pod(user, "lone").UID, keySecret(s.miner(user, "lone"))
	service := must(s.nodes.core.CoreV1().Services(user).Get(t.Context(), "harbour", metav1.GetOptions{}))(t).UID

	s.scrap("lone")
	s.addMiner("lone", nil)
	s.scrap("harbour")
	s.scrapChain("harbour")
	s.addChain(user, "harbour")
	s.converge()

	if s.pod(user, "lone").UID == pod {
		t.Error("the pod is that of the Miner before")
	}
	if _, err := s.nodes.core.CoreV1().Secrets(user).Get(t.Context(), key, metav1.GetOptions{}); !apierrors.IsNotFound(err) {
		t.Errorf("the key of the Miner before is still there: %v", err)
	}
	if must(s.nodes.core.CoreV1().Services(user).Get(t.Context(), "harbour", metav1.GetOptions{}))(t).UID == service {
		t.Error("the service is that of the chain before")
	}
	rest := far.Writes()
	s.converge()
	if n := far.Writes() - rest; n > 0 {
		t.Errorf("a settled world was written to %d times", n)
	}
}

// scrapChain removes a chain without asking anybody.
func (s *story) scrapChain(name string) {
	s.t.Helper()
	chain := must(s.api.Chains(user).Get(s.t.Context(), name, metav1.GetOptions{}))(s.t)
	chain.Finalizers = nil
	must(s.api.Chains(user).Update(s.t.Context(), chain, metav1.UpdateOptions{}))(s.t)
	if err := s.api.Chains(user).Delete(s.t.Context(), name, metav1.DeleteOptions{}); err != nil {
		s.t.Fatal(err)
	}
}

// scrap removes a Miner without asking anybody.
func (s *story) scrap(miner string) {
	s.t.Helper()
	s.changeMiner(miner, func(m *v1beta1.Miner) { m.Finalizers = nil })
	if err := s.api.Miners(user).Delete(s.t.Context(), miner, metav1.DeleteOptions{}); err != nil {
		s.t.Fatal(err)
	}
}

func TestAStrangersPodInTheOtherClusterIsLeftAlone(t *testing.T) {
	s := newStory(t)
	s.movesAway()
	pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "lone", Namespace: user, Labels: map[string]string{v1beta1.ManagedByLabel: v1beta1.ManagedBy}}}
	must(s.nodes.core.CoreV1().Pods(user).Create(t.Context(), pod, metav1.CreateOptions{}))(t)
	for range 2 {
		if err := s.loops[v1beta1.ResourceMiners].Reconcile(t.Context(), user+"/lone"); err != nil {
			t.Fatal(err)
		}
	}
	s.pod(user, "lone") // fails the test if it is gone
}

func TestANamespaceThatIsMissingThereIsMade(t *testing.T) {
	missing := apierrors.NewNotFound(schema.GroupResource{Resource: "namespaces"}, user)
	for name, row := range map[string]struct {
		away  bool
		tries int
		made  int
	}{
		"in another cluster it is made, and the object after it": {true, 2, 1},
		"at home, whoever signs up makes it":                     {false, 1, 0},
	} {
		made, tries := 0, 0
		there := site{away: row.away, spaces: maker(func(string) { made++ })}
		err := there.within(t.Context(), user, func() error {
			if tries++; made == 0 {
				return missing
			}
			return nil
		})
		if (err == nil) != row.away || tries != row.tries || made != row.made {
			t.Errorf("%s: %v after %d tries, made %d", name, err, tries, made)
		}
	}
}

func TestRunWithNodesInAnotherCluster(t *testing.T) {
	s := newStory(t)
	far := s.movesAway()
	s.running(func(o *Options) { o.Nodes = far.Config() })
	s.addChain(user, "harbour")
	s.addSet("night", 2)
	s.eventually("two miners ready", s.setReady("night", "2/2"))
	before := s.pod(user, "night-1").UID
	s.kill(user, "night-1")
	s.eventually("the pod is back", func() bool {
		p, err := s.nodes.core.CoreV1().Pods(user).Get(t.Context(), "night-1", metav1.GetOptions{})
		return err == nil && p.UID != before
	})
	s.eventually("two miners ready again", s.setReady("night", "2/2"))
	s.scrap("night-1") // its set makes another of that name
	s.eventually("two miners ready once more", s.setReady("night", "2/2"))
	s.deleteSet("night")
	s.eventually("no miner is left", func() bool { return s.names() == "harbour" })
}

type maker func(name string)

func (m maker) EnsureNamespace(_ context.Context, name string) error { m(name); return nil }
