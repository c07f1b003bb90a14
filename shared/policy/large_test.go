//go:build !race

package policy_test

import (
	"fmt"
	"testing"
	"time"

	"onex.io/onex/shared/cputime"
	"onex.io/onex/shared/policy"
)

// An administrator can give everybody as many roles as there may be bindings: that must not bring the platform down.
func TestMeasuredManyRolesCostInProportion(t *testing.T) {
	ask := func(roles, times int) time.Duration {
		r := rows("users * create-minerset deny")
		for i := range roles {
			r.Bindings = append(r.Bindings, policy.Binding{Sub: "users", Role: fmt.Sprint("a-role-of-many-", i)})
		}
		set := policy.Compile(r)
		set.Decide(create())
		began := cputime.Process()
		for range times {
			set.Decide(create())
		}
		return (cputime.Process() - began) / time.Duration(times)
	}
	few, many := ask(policy.MostBindings/20, 40), ask(policy.MostBindings, 2)
	t.Logf("%d roles take %s, %d take %s", policy.MostBindings/20, few, policy.MostBindings, many)
	if many > 100*few { // in proportion it is 20 times, by their square 400
		t.Errorf("twenty times the roles take %.0f times as long", float64(many)/float64(few))
	}
}
