package v1beta1_test

import (
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/validation"

	"onex.io/onex/shared/api/apps/v1beta1"
)

func TestLabelValue(t *testing.T) {
	rows := []struct{ name, want string }{
		{"night-shift", "night-shift"},
		{strings.Repeat("machineSetName", 12), "hash_FR_ghQ_z"},
	}
	for _, row := range rows {
		got := v1beta1.LabelValue(row.name)
		if got != row.want || len(validation.IsValidLabelValue(got)) > 0 {
			t.Errorf("%q: got %q, want %q", row.name, got, row.want)
		}
	}
}

func TestSchemeKnowsTheKinds(t *testing.T) {
	scheme := runtime.NewScheme()
	if err := v1beta1.AddToScheme(scheme); err != nil {
		t.Fatal(err)
	}
	for _, kind := range []string{v1beta1.KindChain, v1beta1.KindMinerSet, v1beta1.KindMiner} {
		for _, name := range []string{kind, kind + "List"} {
			if !scheme.Recognizes(v1beta1.Kind(name)) {
				t.Errorf("the scheme does not know %s", name)
			}
		}
	}
}

func TestConditions(t *testing.T) {
	conditions := []v1beta1.Condition{
		{Type: v1beta1.ConditionReady, Status: v1beta1.ConditionTrue},
		{Type: v1beta1.ConditionPaid, Status: v1beta1.ConditionFalse},
	}
	if !v1beta1.IsTrue(conditions, v1beta1.ConditionReady) || v1beta1.IsTrue(conditions, v1beta1.ConditionPaid) {
		t.Errorf("got the wrong ones true of %v", conditions)
	}
	if got := v1beta1.FindCondition(conditions, v1beta1.ConditionResized); got != nil {
		t.Errorf("found %+v, which is not there", got)
	}
}
