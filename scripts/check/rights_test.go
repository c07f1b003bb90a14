package check

import (
	"slices"
	"strings"
	"testing"

	rbacv1 "k8s.io/api/rbac/v1"

	"onex.io/onex/scripts/rights"
)

// What the accounts really may do is asked of a real API server, beside the code of the local platform that runs one,
// and of a cluster. This is the same table against the manifests, for whoever changes them.
func TestRolesAreThoseOfTheTable(t *testing.T) {
	all := objects(t)
	rules := map[string][]rbacv1.PolicyRule{}
	for _, o := range all {
		switch role := o.body.(type) {
		case *rbacv1.ClusterRole:
			rules["ClusterRole "+role.Name] = role.Rules
		case *rbacv1.Role:
			rules["Role "+role.Name] = role.Rules
		}
	}
	everywhere, atHome := map[string][]rbacv1.PolicyRule{}, map[string][]rbacv1.PolicyRule{}
	bind := func(to map[string][]rbacv1.PolicyRule, ref rbacv1.RoleRef, subjects []rbacv1.Subject) {
		for _, s := range subjects {
			to[s.Name] = append(to[s.Name], rules[ref.Kind+" "+ref.Name]...)
		}
	}
	for _, o := range all {
		switch b := o.body.(type) {
		case *rbacv1.ClusterRoleBinding:
			bind(everywhere, b.RoleRef, b.Subjects)
		case *rbacv1.RoleBinding:
			bind(atHome, b.RoleRef, b.Subjects)
		}
	}
	accounts := append(named(all, "v1 ServiceAccount"), "default") // Kubernetes makes that one
	for name, table := range rights.Everywhere() {
		if !slices.Contains(accounts, name) {
			t.Errorf("there is no account %q", name)
		}
		if d := rights.Differences(table, rights.Of(everywhere[name])); len(d) > 0 {
			t.Errorf("%s everywhere: %s", name, strings.Join(d, ", "))
		}
		if d := rights.Differences(rights.AtHome()[name], rights.Of(atHome[name])); len(d) > 0 {
			t.Errorf("%s at home: %s", name, strings.Join(d, ", "))
		}
	}
	for _, name := range accounts {
		if _, listed := rights.Everywhere()[name]; !listed {
			t.Errorf("account %q is not in the table of scripts/rights", name)
		}
	}
}

func TestTheTableOfRightsSeesWhatIsMoreAndWhatIsLess(t *testing.T) {
	got := rights.Of([]rbacv1.PolicyRule{
		{APIGroups: []string{""}, Resources: []string{"secrets"}, Verbs: []string{"get", "list"}},
		{APIGroups: []string{"apps"}, Resources: []string{"deployments"}, Verbs: []string{"get"}, ResourceNames: []string{"one"}},
	})
	want := []string{"get deployments.apps one", "get secrets", "list pods"}
	if d := rights.Differences(want, got); !slices.Equal(d, []string{"-list pods", "+list secrets"}) {
		t.Errorf("differences %v between %v and %v", d, want, got)
	}
}
