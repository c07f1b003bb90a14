package policy

import (
	"fmt"
	"testing"

	"onex.io/onex/shared/fault"
)

func TestThereAreOnlySoManyRows(t *testing.T) {
	r := &Rules{}
	for i := range MostRows {
		if changed, err := r.put(Row{Name: fmt.Sprint(i), Eft: "allow"}); err != nil || !changed {
			t.Fatal(i, changed, err)
		}
	}
	if changed, err := r.put(Row{Name: "late"}); err == nil || changed || fault.KindOf(err) != fault.Invalid || fault.ReasonOf(err) != "PolicyReachMaxCount" {
		t.Errorf("one more: %v, %v", changed, err)
	}
	if changed, err := r.put(Row{Name: "0", Eft: "deny"}); err != nil || !changed || len(r.Rows) != MostRows {
		t.Errorf("one that is there: %v, %v", changed, err)
	}
	for len(r.Bindings) < MostBindings {
		r.Bindings = append(r.Bindings, Binding{Sub: fmt.Sprint(len(r.Bindings)), Role: "r"})
	}
	if changed, err := r.bind(Binding{Sub: "late", Role: "r"}); err == nil || changed || fault.ReasonOf(err) != "RoleBindingReachMaxCount" {
		t.Errorf("one binding more: %v, %v", changed, err)
	}
	if changed, err := r.bind(Binding{Sub: "0", Role: "r"}); err != nil || changed {
		t.Errorf("one that is there: %v, %v", changed, err)
	}
}
