package reconciler

import (
	"net/http"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"onex.io/onex/shared/api/apps/v1beta1"
)

// wantKey wants the Miner's pod to have the key that its status tells.
func (s *story) wantKey(ns, name string) {
	s.t.Helper()
	m, secret := s.miner(ns, name), s.pod(ns, name).Spec.Volumes[1].Secret.SecretName
	if len(m.Status.PublicKey) != 64 || secret != name+"-key-"+m.Status.PublicKey[:12] {
		s.t.Errorf("the pod of %s has %q, the status tells %q", name, secret, m.Status.PublicKey)
	}
	must(s.core.CoreV1().Secrets(ns).Get(s.t.Context(), secret, metav1.GetOptions{}))(s.t)
}

func TestSecretsAreMadeAndNeverRead(t *testing.T) {
	s := newStory(t)
	s.addChain(user, "harbour")
	s.addSet("night", 2)
	s.server.Refuse(func(r *http.Request) bool {
		return r.Method == http.MethodGet && strings.Contains(r.URL.Path, "/secrets")
	})
	s.converge()
	s.kill(user, "night-0")
	s.converge()
	s.server.Refuse(nil)
	for _, name := range []string{"harbour", "night-0", "night-1"} {
		s.wantKey(user, name)
	}
}

func TestAKeyThatIsLostIsMadeAnewAndCostsNothing(t *testing.T) {
	s := newStory(t)
	s.addChain(user, "harbour")
	s.addSet("night", 1)
	s.converge()
	before := s.miner(user, "night-0").Status.PublicKey
	for _, name := range []string{keySecret(s.miner(user, "night-0")), keySecret(s.miner(user, "harbour"))} {
		if err := s.core.CoreV1().Secrets(user).Delete(t.Context(), name, metav1.DeleteOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	s.converge()
	if now := s.miner(user, "night-0").Status.PublicKey; now != before {
		t.Errorf("a pod that runs got another key")
	}

	s.kill(user, "night-0")
	s.kill(user, "harbour")
	s.converge()
	s.wantKey(user, "night-0")
	s.wantKey(user, "harbour")
	after := s.miner(user, "night-0").Status.PublicKey
	if last := s.till.sold[len(s.till.sold)-1]; after == before || last.PublicKey != after || len(s.till.charges()) != 1 {
		t.Errorf("key %q after %q, last sale %+v, charges %v", after, before, last, s.till.charges())
	}
}

// Nobody can ask for the key again, so a pod with a key that was not told would sign with one that nobody knows.
func TestNothingIsBuiltOnAKeyThatCouldNotBeTold(t *testing.T) {
	s := newStory(t)
	s.addChain(user, "harbour")
	s.addSet("night", 1)
	s.server.Refuse(func(r *http.Request) bool {
		return r.Method == http.MethodPut && strings.Contains(r.URL.Path, "/miners/") && strings.HasSuffix(r.URL.Path, "/status")
	})
	for range 5 {
		_, _ = s.pass() // each ends with the fault of its last write
	}
	if pods := must(s.pods.List(t.Context(), user))(t); len(pods) > 0 {
		t.Errorf("%d pods were made", len(pods))
	}
	s.server.Refuse(nil)
	s.converge()
	s.wantKey(user, "harbour")
	s.wantKey(user, "night-0")
	if last := s.till.sold[len(s.till.sold)-1]; last.PublicKey != s.miner(user, "night-0").Status.PublicKey || len(s.till.charges()) != 1 {
		t.Errorf("last sale %+v, charges %v", last, s.till.charges())
	}
	if m := s.miner(user, "night-0"); v1beta1.FindCondition(m.Status.Conditions, v1beta1.ConditionReady).Status != v1beta1.ConditionTrue {
		t.Errorf("not ready: %+v", m.Status)
	}
}
