// Package catalog puts the domains together: the one list of everything the platform can do. Only programs and
// generators may import it, never an operation.
package catalog

import (
	"fmt"
	"slices"

	"k8s.io/apimachinery/pkg/util/validation"

	"onex.io/onex/functions/audit"
	"onex.io/onex/functions/chain"
	"onex.io/onex/functions/deadletter"
	"onex.io/onex/functions/gateway"
	"onex.io/onex/functions/inventory"
	"onex.io/onex/functions/miner"
	"onex.io/onex/functions/minerset"
	"onex.io/onex/functions/nightwatch"
	"onex.io/onex/functions/policy"
	"onex.io/onex/functions/quota"
	"onex.io/onex/functions/secret"
	"onex.io/onex/functions/session"
	"onex.io/onex/functions/setup"
	"onex.io/onex/functions/user"
	"onex.io/onex/functions/wallet"
	"onex.io/onex/shared/op"
)

// Operations lists every operation, ordered by name.
func Operations() []op.Operation {
	all := slices.Concat(
		audit.Operations(),
		chain.Operations(),
		deadletter.Operations(),
		gateway.Operations(),
		inventory.Operations(),
		miner.Operations(),
		minerset.Operations(),
		nightwatch.Operations(),
		policy.Operations(),
		quota.Operations(),
		secret.Operations(),
		session.Operations(),
		setup.Operations(),
		user.Operations(),
		wallet.Operations(),
	)
	named := originals()
	for i := range all {
		all[i].Original = named[all[i].Name]
	}
	slices.SortFunc(all, func(a, b op.Operation) int {
		if a.Name < b.Name {
			return -1
		}
		return 1
	})
	return all
}

// Find finds an operation by name.
func Find(name string) (op.Operation, bool) {
	all := Operations()
	i := slices.IndexFunc(all, func(o op.Operation) bool { return o.Name == name })
	if i < 0 {
		return op.Operation{}, false
	}
	return all[i], true
}

// Check reports the first declaration that cannot be deployed.
func Check(all []op.Operation) error {
	names, routes := map[string]bool{}, map[op.Route]string{}
	for _, o := range all {
		switch problems := validation.IsDNS1035Label(o.Name); {
		case len(problems) > 0:
			return fmt.Errorf("operation %q: %s", o.Name, problems[0])
		case names[o.Name]:
			return fmt.Errorf("operation %q is declared twice", o.Name)
		case o.Summary == "":
			return fmt.Errorf("operation %q has no summary", o.Name)
		case len(o.Wakes) == 0:
			return fmt.Errorf("operation %q has nothing that wakes it", o.Name)
		}
		if first := op.DeadLetterSink(all); o.GetsDeadLetters() && o.Name != first {
			return fmt.Errorf("operations %q and %q both get the dead letters", first, o.Name)
		}
		names[o.Name] = true
		for _, r := range o.Routes() {
			if other, taken := routes[r]; taken {
				return fmt.Errorf("operations %q and %q share the route %s %s", other, o.Name, r.Method, r.Path)
			}
			if o.Allow == "" && !o.Public {
				return fmt.Errorf("operation %q lets nobody in: say who may call it", o.Name)
			}
			routes[r] = o.Name
		}
	}
	return nil
}
