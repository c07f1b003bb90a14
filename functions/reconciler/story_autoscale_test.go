package reconciler

import (
	"crypto/ed25519"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	kedav1alpha1 "github.com/kedacore/keda/v2/apis/keda/v1alpha1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/dynamic"

	"onex.io/onex/shared/api/apps/v1beta1"
	"onex.io/onex/shared/token"
)

func byClock() *v1beta1.Autoscaling {
	return &v1beta1.Autoscaling{MinReplicas: 1, MaxReplicas: 5, Clock: &v1beta1.ClockTrigger{
		Timezone: "Europe/Berlin", Start: "0 22 * * *", End: "0 6 * * *", Replicas: 4,
	}}
}

func byMoney() *v1beta1.Autoscaling {
	return &v1beta1.Autoscaling{MaxReplicas: 9, WalletBalance: &v1beta1.WalletBalanceTrigger{ReserveOX: 100, OXPerMiner: 50}}
}

func (s *story) autoscaled(name string, a *v1beta1.Autoscaling) *v1beta1.MinerSet {
	s.t.Helper()
	set := s.addSet(name, 0)
	s.changeSet(name, func(set *v1beta1.MinerSet) { set.Spec.Autoscaling = a })
	return set
}

func (s *story) keda(resource string) dynamic.ResourceInterface {
	return s.world.dynamic.Resource(kedaResource(resource)).Namespace(user)
}

func (s *story) scaledObject(name string) *kedav1alpha1.ScaledObject {
	s.t.Helper()
	o := must(s.keda(scaledObjects).Get(s.t.Context(), name, metav1.GetOptions{}))(s.t)
	return typed(s.t, o, &kedav1alpha1.ScaledObject{})
}

// say has KEDA say something about a ScaledObject.
func (s *story) say(name, status, reason string) {
	s.t.Helper()
	o := must(s.keda(scaledObjects).Get(s.t.Context(), name, metav1.GetOptions{}))(s.t)
	o.Object["status"] = map[string]any{"conditions": []any{map[string]any{"type": "Ready", "status": status, "reason": reason, "message": "so it is"}}}
	must(s.keda(scaledObjects).UpdateStatus(s.t.Context(), o, metav1.UpdateOptions{}))(s.t)
}

func (s *story) wantScaling(name string, status v1beta1.ConditionStatus, reason string) {
	s.t.Helper()
	c := v1beta1.FindCondition(s.set(name).Status.Conditions, v1beta1.ConditionAutoscalingActive)
	if c == nil || c.Status != status || c.Reason != reason {
		s.t.Fatalf("autoscaling of %q: %+v, want %s %q", name, c, status, reason)
	}
}

// nothingOf wants KEDA to have no object of the name.
func (s *story) nothingOf(name string, resources ...string) {
	s.t.Helper()
	for _, resource := range resources {
		if o, err := s.keda(resource).Get(s.t.Context(), name, metav1.GetOptions{}); !apierrors.IsNotFound(err) {
			s.t.Errorf("%s %q is still there: %v, %v", resource, name, o, err)
		}
	}
}

func TestASetByTheClockIsHandedToKEDA(t *testing.T) {
	s := newStory(t)
	s.addChain(user, "harbour")
	set := s.autoscaled("night", byClock())
	s.converge()

	so := s.scaledObject("night")
	if owner := metav1.GetControllerOf(so); owner == nil || owner.UID != set.UID || so.Labels[v1beta1.ManagedByLabel] != v1beta1.ManagedBy {
		t.Errorf("it is owned by %+v, labels %v", owner, so.Labels)
	}
	if r := so.Spec.ScaleTargetRef; r.APIVersion != "apps.onex.io/v1beta1" || r.Kind != "MinerSet" || r.Name != "night" {
		t.Errorf("it scales %+v", r)
	}
	if *so.Spec.MinReplicaCount != 1 || *so.Spec.MaxReplicaCount != 5 {
		t.Errorf("it scales from %d to %d", *so.Spec.MinReplicaCount, *so.Spec.MaxReplicaCount)
	}
	want := []kedav1alpha1.ScaleTriggers{{Type: "cron", Metadata: map[string]string{
		"timezone": "Europe/Berlin", "start": "0 22 * * *", "end": "0 6 * * *", "desiredReplicas": "4",
	}}}
	if diff := cmp.Diff(want, so.Spec.Triggers); diff != "" {
		t.Errorf("triggers (-want +got)\n%s", diff)
	}
	s.nothingOf("night", triggerAuthentications)
	s.wantScaling("night", v1beta1.ConditionFalse, v1beta1.ReasonAutoscalerNotReady)
	s.wantSet("night", "0/0", v1beta1.ConditionTrue) // who is looked after by nobody is not ill

	s.say("night", "True", "ScaledObjectReady")
	s.converge()
	s.wantScaling("night", v1beta1.ConditionTrue, "")
	if s.wake <= 0 || s.wake > time.Minute {
		t.Errorf("the next look is in %s, want within a minute: nobody tells us of KEDA's objects", s.wake)
	}
	s.say("night", "False", "TriggerError")
	s.converge()
	s.wantScaling("night", v1beta1.ConditionFalse, v1beta1.ReasonAutoscalerNotReady)
}

func TestASetByMoneyIsMeasuredWithATokenOfItsOwn(t *testing.T) {
	s := newStory(t)
	set := s.autoscaled("night", byMoney())
	s.converge()

	want := []kedav1alpha1.ScaleTriggers{{
		Type: "metrics-api", MetricType: "AverageValue", UseCachedMetrics: true,
		Metadata: map[string]string{
			"url": "http://measure-minerset.onex.svc/v1/minersets/night/measure", "valueLocation": "wanted", "targetValue": "1", "authMode": "bearer",
		},
		AuthenticationRef: &kedav1alpha1.AuthenticationRef{Name: "night"},
	}}
	if diff := cmp.Diff(want, s.scaledObject("night").Spec.Triggers); diff != "" {
		t.Errorf("triggers (-want +got)\n%s", diff)
	}
	auth := typed(t, must(s.keda(triggerAuthentications).Get(t.Context(), "night", metav1.GetOptions{}))(t), &kedav1alpha1.TriggerAuthentication{})
	if len(auth.Spec.SecretTargetRef) != 1 || auth.Spec.SecretTargetRef[0].Parameter != "token" {
		t.Fatalf("authenticates by %+v", auth.Spec)
	}
	ref := auth.Spec.SecretTargetRef[0]
	secret := must(s.core.CoreV1().Secrets(user).Get(t.Context(), ref.Name, metav1.GetOptions{}))(t)
	public, _ := s.scalers.Key.Public().(ed25519.PublicKey)
	claims, err := token.NewVerifier(nil, public, func() time.Time { return s.clock.Add(5 * 365 * 24 * time.Hour) }).Verify(string(secret.Data[ref.Key]))
	if err != nil || claims.Kind != token.Scaler || claims.Subject != user || claims.Pool != string(set.UID) {
		t.Errorf("the token says %+v, %v", claims, err)
	}

	// Another key of the platform makes another token; the block's end takes all with it.
	s.scalers.Key = ed25519.NewKeyFromSeed([]byte(strings.Repeat("k", ed25519.SeedSize)))
	s.loops[v1beta1.ResourceMinerSets] = &minerSetLoop{s.world, s.scalers}
	s.converge()
	auth = typed(t, must(s.keda(triggerAuthentications).Get(t.Context(), "night", metav1.GetOptions{}))(t), &kedav1alpha1.TriggerAuthentication{})
	if next := auth.Spec.SecretTargetRef[0].Name; next == ref.Name {
		t.Errorf("after the key was changed, the token is still that of %q", next)
	}
	s.changeSet("night", func(set *v1beta1.MinerSet) { set.Spec.Autoscaling = nil })
	s.converge()
	s.nothingOf("night", scaledObjects, triggerAuthentications)
	if list := must(s.core.CoreV1().Secrets(user).List(t.Context(), metav1.ListOptions{}))(t); len(list.Items) != 0 {
		t.Errorf("%d secrets are left", len(list.Items))
	}
	if c := v1beta1.FindCondition(s.set("night").Status.Conditions, v1beta1.ConditionAutoscalingActive); c != nil {
		t.Errorf("it still says %+v", c)
	}
}

func TestAutoscalingFollowsTheSet(t *testing.T) {
	s := newStory(t)
	s.autoscaled("night", byMoney())
	s.converge()
	s.changeSet("night", func(set *v1beta1.MinerSet) { set.Spec.Autoscaling = byClock() })
	s.converge()
	if so := s.scaledObject("night"); so.Spec.Triggers[0].Type != "cron" || *so.Spec.MaxReplicaCount != 5 {
		t.Errorf("KEDA still does %+v", so.Spec)
	}
	s.nothingOf("night", triggerAuthentications)

	if err := s.keda(scaledObjects).Delete(t.Context(), "night", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	s.converge()
	s.scaledObject("night") // it is back

	o := must(s.keda(scaledObjects).Get(t.Context(), "night", metav1.GetOptions{}))(t)
	o.Object["spec"].(map[string]any)["maxReplicaCount"] = int64(1000)
	o.Object["spec"].(map[string]any)["fallback"] = map[string]any{"failureThreshold": int64(3), "replicas": int64(2)}
	must(s.keda(scaledObjects).Update(t.Context(), o, metav1.UpdateOptions{}))(t)
	s.converge()
	if so := s.scaledObject("night"); *so.Spec.MaxReplicaCount != 5 || so.Spec.Fallback != nil {
		t.Errorf("what somebody changed stays: %+v", so.Spec)
	}

	if err := s.api.MinerSets(user).Delete(t.Context(), "night", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	s.converge()
	s.nothingOf("night", scaledObjects)
}

func TestWithoutKEDATheSetKeepsItsSizeAndSaysSo(t *testing.T) {
	s := newStory(t)
	s.addChain(user, "harbour")
	s.server.Forget("keda.sh")
	s.autoscaled("night", byMoney())
	s.scale("night", 2)
	s.converge()
	s.wantSet("night", "2/2", v1beta1.ConditionTrue)
	s.wantScaling("night", v1beta1.ConditionFalse, v1beta1.ReasonKedaMissing)
	if s.wake <= 0 || s.wake > time.Minute {
		t.Errorf("the next look is in %s, want one soon", s.wake)
	}

	s.server.Forget("")
	s.converge()
	s.wantScaling("night", v1beta1.ConditionFalse, v1beta1.ReasonAutoscalerNotReady)
	s.scaledObject("night")

	s.server.Forget("keda.sh")
	s.changeSet("night", func(set *v1beta1.MinerSet) { set.Spec.Autoscaling = nil })
	s.converge()
	if c := v1beta1.FindCondition(s.set("night").Status.Conditions, v1beta1.ConditionAutoscalingActive); c != nil {
		t.Errorf("it still says %+v", c)
	}
}

func TestAnObjectOfSomebodyElseIsNotTouched(t *testing.T) {
	s := newStory(t)
	theirs := newScaledObject(&v1beta1.MinerSet{ObjectMeta: metav1.ObjectMeta{Name: "night", UID: "another"}, Spec: v1beta1.MinerSetSpec{Autoscaling: byClock()}}, "")
	must(s.keda(scaledObjects).Create(t.Context(), theirs, metav1.CreateOptions{}))(t)
	s.autoscaled("night", byClock())
	s.converge()
	s.wantScaling("night", v1beta1.ConditionFalse, v1beta1.ReasonNameTaken)
	s.changeSet("night", func(set *v1beta1.MinerSet) { set.Spec.Autoscaling = nil })
	s.converge()
	s.scaledObject("night") // it is theirs to remove

	orphan := must(s.keda(scaledObjects).Get(t.Context(), "night", metav1.GetOptions{}))(t)
	orphan.SetOwnerReferences(nil)
	must(s.keda(scaledObjects).Update(t.Context(), orphan, metav1.UpdateOptions{}))(t)
	s.changeSet("night", func(set *v1beta1.MinerSet) { set.Spec.Autoscaling = byClock() })
	s.converge()
	if owner := metav1.GetControllerOf(s.scaledObject("night")); owner == nil || owner.UID != s.set("night").UID {
		t.Errorf("the object that nobody owned is owned by %+v", owner)
	}
}

func TestWhatTheObjectAPIRefusesIsTried(t *testing.T) {
	s := newStory(t)
	s.addChain(user, "harbour")
	s.autoscaled("night", byMoney())
	s.server.Refuse(func(r *http.Request) bool {
		return r.Method == http.MethodPost && strings.Contains(r.URL.Path, "/secrets")
	})
	for range 4 {
		s.pass()
	}
	s.wantScaling("night", v1beta1.ConditionFalse, v1beta1.ReasonAutoscalerNotReady)
	s.nothingOf("night", scaledObjects) // it would authenticate with nothing
	s.server.Refuse(nil)
	s.converge()
	s.scaledObject("night")
}

// The size is KEDA's to say, by the scale subresource, down to none. A slot that was paid is not paid again.
func TestWhatKEDAScalesIsPaidOnce(t *testing.T) {
	s := newStory(t)
	s.addChain(user, "harbour")
	s.autoscaled("night", byClock())
	for _, replicas := range []int32{4, 0, 4, 1, 4} {
		if err := s.api.ScaleMinerSet(t.Context(), user, "night", replicas, ""); err != nil {
			t.Fatal(err)
		}
		s.converge()
		if got := s.set("night").Status.Replicas; got != replicas {
			t.Fatalf("%d miners, want %d", got, replicas)
		}
	}
	if charges := s.till.charges(); len(charges) != 4 {
		t.Errorf("charged %v, want four places", charges)
	}
}
