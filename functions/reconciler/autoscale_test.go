package reconciler

import (
	"strings"
	"testing"

	kedav1alpha1 "github.com/kedacore/keda/v2/apis/keda/v1alpha1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	"onex.io/onex/shared/api/apps/v1beta1"
)

// typed reads an object as KEDA does; a field that KEDA does not have is an error.
func typed[T any](t *testing.T, o *unstructured.Unstructured, into *T) *T {
	t.Helper()
	text, err := o.MarshalJSON()
	if err == nil {
		err = yaml.UnmarshalStrict(text, into)
	}
	if err != nil {
		t.Fatal(err)
	}
	return into
}

func TestKEDATakesWhatIsMadeOfEachTrigger(t *testing.T) {
	known := map[string]string{ // what KEDA's two triggers read
		"cron":        "timezone start end desiredReplicas",
		"metrics-api": "url valueLocation targetValue authMode",
	}
	for name, a := range map[string]v1beta1.Autoscaling{
		"clock":                   *byClock(),
		"clock without a zone":    {MaxReplicas: 1, Clock: &v1beta1.ClockTrigger{Start: "* * * * *", End: "1 * * * *", Replicas: 1}},
		"wallet":                  *byMoney(),
		"blocks":                  {MaxReplicas: 1, EventRate: &v1beta1.EventRateTrigger{BlocksPerMiner: 1, WindowSeconds: 10}},
		"lag":                     {MinReplicas: 1, MaxReplicas: 1, KafkaLag: &v1beta1.KafkaLagTrigger{Topic: "t", Group: "g", RecordsPerMiner: 1}},
		"as many as there may be": {MinReplicas: 100_000, MaxReplicas: 100_000, WalletBalance: &v1beta1.WalletBalanceTrigger{OXPerMiner: 1}},
	} {
		set := &v1beta1.MinerSet{ObjectMeta: metav1.ObjectMeta{Name: strings.Repeat("n", 52), Namespace: user, UID: "u"}, Spec: v1beta1.MinerSetSpec{Autoscaling: &a}}
		so := typed(t, newScaledObject(set, MeasureAt("http://%s.onex.svc.cluster.local")), &kedav1alpha1.ScaledObject{})
		for _, err := range []error{
			kedav1alpha1.ValidateTriggers(so.Spec.Triggers), kedav1alpha1.CheckReplicaCountBoundsAreValid(so), kedav1alpha1.CheckFallbackValid(so),
		} {
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
		if hpa := "keda-hpa-" + so.Name; len(so.Name) > 63 || len(hpa) > 63 {
			t.Errorf("%s: %q is too long for KEDA", name, hpa)
		}
		trigger := so.Spec.Triggers[0]
		for key, value := range trigger.Metadata {
			if !strings.Contains(" "+known[trigger.Type]+" ", " "+key+" ") || value == "" {
				t.Errorf("%s: %s has no %s=%q", name, trigger.Type, key, value)
			}
		}
		typed(t, newTriggerAuthentication(set, "secret"), &kedav1alpha1.TriggerAuthentication{})
	}
}

func TestWhatOthersAddIsNoDifference(t *testing.T) {
	want := map[string]any{"a": int64(1), "list": []any{map[string]any{"b": "x"}}}
	for name, row := range map[string]struct {
		have any
		want bool
	}{
		"the same":                {map[string]any{"a": int64(1), "list": []any{map[string]any{"b": "x"}}}, true},
		"more of it":              {map[string]any{"a": int64(1), "z": true, "list": []any{map[string]any{"b": "x", "c": "y"}}}, true},
		"another value":           {map[string]any{"a": int64(2), "list": []any{map[string]any{"b": "x"}}}, false},
		"a value of another kind": {map[string]any{"a": "1", "list": []any{map[string]any{"b": "x"}}}, false},
		"less of it":              {map[string]any{"a": int64(1)}, false},
		"a longer list":           {map[string]any{"a": int64(1), "list": []any{map[string]any{"b": "x"}, map[string]any{}}}, false},
		"nothing":                 {nil, false},
	} {
		if got := holds(row.have, want); got != row.want {
			t.Errorf("%s: %t", name, got)
		}
	}
}
