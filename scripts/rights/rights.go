// Package rights is what each ServiceAccount of the platform may do in the object API, kept by hand: a right that is
// added somewhere else by mistake is not added here.
package rights

import (
	"fmt"
	"slices"
	"strings"

	rbacv1 "k8s.io/api/rbac/v1"
)

// Namespace is where the accounts live.
const Namespace = "onex"

// fencing is the right to put up the fences of users' namespaces, which an admission policy bounds to there, and others.
func fencing(more ...string) []string {
	return append(more, "create networkpolicies.networking.k8s.io", "patch networkpolicies.networking.k8s.io")
}

// Everywhere is what each account may do in every namespace, as "verb resource.group". An account that may do nothing is
// here, too.
func Everywhere() map[string][]string {
	return map[string][]string{
		"default":          {},
		"functions":        {},
		"create-chain":     {"create chains.apps.onex.io", "delete chains.apps.onex.io", "list chains.apps.onex.io"},
		"create-minerset":  {"create minersets.apps.onex.io", "get chains.apps.onex.io"},
		"create-user":      fencing("create namespaces"),
		"delete-chain":     {"delete chains.apps.onex.io", "get chains.apps.onex.io"},
		"delete-minerset":  {"delete minersets.apps.onex.io", "get minersets.apps.onex.io"},
		"fence-namespaces": fencing("list namespaces"),
		"get-chain":        {"get chains.apps.onex.io"},
		"get-chain-status": {"get chains.apps.onex.io", "list miners.apps.onex.io"},
		"get-earnings":     {"list chains.apps.onex.io"},
		"get-miner":        {"get miners.apps.onex.io"},
		"get-minerset":     {"get minersets.apps.onex.io"},
		"list-chains":      {"list chains.apps.onex.io"},
		"list-miners":      {"list miners.apps.onex.io"},
		"list-minersets":   {"list minersets.apps.onex.io"},
		"make-admin":       fencing("create namespaces"),
		"measure-minerset": {"get chains.apps.onex.io", "get minersets.apps.onex.io"},
		"record-object":    seeing("list"),
		"release-pools":    {"list miners.apps.onex.io", "list minersets.apps.onex.io"},
		"remove-user":      {"delete namespaces", "get namespaces"},
		"scale-minerset":   {"get minersets.apps.onex.io", "patch minersets/scale.apps.onex.io"},
		"settle-chain":     {"get chains.apps.onex.io", "list chains.apps.onex.io"},
		"sweep-inventory":  seeing("list"),
		"watch-chain":      {"get chains.apps.onex.io"},
		"reconciler":       reconciler(),
		// of Knative's adapter, not of an operation
		"record-object-source": seeing("get", "list", "watch"),
	}
}

// seeing is the right to look at every object of the platform's own kinds.
func seeing(verbs ...string) (may []string) {
	for _, verb := range verbs {
		for _, kind := range []string{"chains", "miners", "minersets"} {
			may = append(may, verb+" "+kind+".apps.onex.io")
		}
	}
	return may
}

// reconciler makes pods, Secrets and Services; admission policies bound where, and which.
func reconciler() []string {
	var may []string
	add := func(resource string, verbs ...string) {
		for _, verb := range verbs {
			may = append(may, verb+" "+resource)
		}
	}
	for _, kind := range []string{"chains", "minersets", "miners"} {
		add(kind+".apps.onex.io", "get", "list", "watch", "patch")
		add(kind+"/status.apps.onex.io", "update")
		add(kind+"/finalizers.apps.onex.io", "update")
	}
	add("miners.apps.onex.io", "create", "update", "delete")
	add("pods", "list", "watch", "create", "delete")
	add("services", "get", "list", "watch", "create", "update")
	add("secrets", "create")
	for _, kind := range []string{"scaledobjects", "triggerauthentications"} {
		add(kind+".keda.sh", "get", "create", "update", "delete")
	}
	add("triggerauthentications/finalizers.keda.sh", "update")
	add("events", "create", "patch")
	return may
}

// AtHome is what an account may do beside that in the platform's own namespace.
func AtHome() map[string][]string {
	return map[string][]string{"reconciler": {
		"create leases.coordination.k8s.io", "get leases.coordination.k8s.io onex-reconciler", "update leases.coordination.k8s.io onex-reconciler",
	}}
}

// Of lists what rules allow, as the tables do, sorted and once each.
func Of(rules []rbacv1.PolicyRule) []string {
	var may []string
	for _, r := range rules {
		for _, group := range r.APIGroups {
			for _, resource := range r.Resources {
				for _, verb := range r.Verbs {
					may = append(may, named(strings.TrimSuffix(fmt.Sprintf("%s %s.%s", verb, resource, group), "."), r.ResourceNames)...)
				}
			}
		}
	}
	slices.Sort(may)
	return slices.Compact(may)
}

func named(right string, names []string) []string {
	if len(names) == 0 {
		return []string{right}
	}
	var all []string
	for _, name := range names {
		all = append(all, right+" "+name)
	}
	return all
}

// Differences are what is in one of two sorted lists alone, each with a sign.
func Differences(want, got []string) []string {
	var different []string
	for _, w := range want {
		if !slices.Contains(got, w) {
			different = append(different, "-"+w)
		}
	}
	for _, g := range got {
		if !slices.Contains(want, g) {
			different = append(different, "+"+g)
		}
	}
	return different
}
