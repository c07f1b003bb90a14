package rights

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	authorizationv1 "k8s.io/api/authorization/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
)

// Question is something that somebody who had taken an account over would like to do. May are the accounts that can, as
// far as roles go.
type Question struct {
	Name string
	At   authorizationv1.ResourceAttributes
	May  []string
}

// Questions are asked of every account. user is the namespace of somebody.
func Questions(user string) []Question {
	at := func(verb, group, resource, namespace string) authorizationv1.ResourceAttributes {
		return authorizationv1.ResourceAttributes{Verb: verb, Group: group, Resource: resource, Namespace: namespace}
	}
	keys := at("get", "", "secrets", Namespace)
	keys.Name = "onex-keys"
	token, exec := at("create", "", "serviceaccounts", Namespace), at("create", "", "pods", Namespace)
	token.Subresource, exec.Subresource = "token", "exec"
	users := []string{"create-user", "make-admin"}
	return []Question{
		{"read the platform's keys", keys, nil},
		{"list the platform's Secrets", at("list", "", "secrets", Namespace), nil},
		{"watch all Secrets", at("watch", "", "secrets", ""), nil},
		{"read a user's Secrets", at("get", "", "secrets", user), nil},
		{"read the cluster's Secrets", at("get", "", "secrets", "kube-system"), nil},
		{"read settings", at("get", "", "configmaps", Namespace), nil},
		{"make a pod beside the platform's", at("create", "", "pods", Namespace), []string{"reconciler"}},
		{"make a pod with a user", at("create", "", "pods", user), []string{"reconciler"}},
		{"enter a pod", exec, nil},
		{"make a Deployment", at("create", "apps", "deployments", Namespace), nil},
		{"change a StatefulSet", at("patch", "apps", "statefulsets", Namespace), nil},
		{"make a Job", at("create", "batch", "jobs", Namespace), nil},
		{"make a function", at("create", "serving.knative.dev", "services", Namespace), nil},
		{"change a function", at("patch", "serving.knative.dev", "services", Namespace), nil},
		{"hear other events", at("create", "eventing.knative.dev", "triggers", Namespace), nil},
		{"change what wakes a stream", at("patch", "keda.sh", "scaledobjects", Namespace), nil},
		{"act as another account", at("impersonate", "", "serviceaccounts", Namespace), nil},
		{"take another account's token", token, nil},
		{"widen its own rights", at("create", "rbac.authorization.k8s.io", "clusterrolebindings", ""), nil},
		{"write admission policies", at("create", "admissionregistration.k8s.io", "validatingadmissionpolicies", ""), nil},
		{"unbind admission policies", at("delete", "admissionregistration.k8s.io", "validatingadmissionpolicybindings", ""), nil},
		{"change the definitions of objects", at("patch", "apiextensions.k8s.io", "customresourcedefinitions", ""), nil},
		{"remove a user", at("delete", "", "namespaces", user), []string{"remove-user"}},
		{"make a user's namespace", at("create", "", "namespaces", ""), users},
		{"open the network", at("create", "networking.k8s.io", "networkpolicies", user), append(users, "fence-namespaces")},
		{"read another user's chain", at("get", "apps.onex.io", "chains", user), []string{"create-minerset", "delete-chain", "get-chain", "get-chain-status", "measure-minerset", "reconciler", "record-object-source", "settle-chain", "watch-chain"}},
		{"read another user's pool", at("get", "apps.onex.io", "minersets", user), []string{"delete-minerset", "get-minerset", "measure-minerset", "reconciler", "record-object-source", "scale-minerset"}},
		{"tell that a slot is paid", authorizationv1.ResourceAttributes{Verb: "update", Group: "apps.onex.io", Resource: "miners", Subresource: "status", Namespace: user}, []string{"reconciler"}},
	}
}

// Faults compares what the accounts of the platform may do on an API server with the tables. user is a namespace.
func Faults(ctx context.Context, config *rest.Config, user string) ([]string, error) {
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return nil, err
	}
	accounts, err := client.CoreV1().ServiceAccounts(Namespace).List(ctx, metav1.ListOptions{})
	if err != nil {
		return nil, err
	}
	var faults []string
	known := Everywhere()
	for _, a := range accounts.Items {
		if _, listed := known[a.Name]; !listed {
			faults = append(faults, a.Name+" is not in the table")
			continue
		}
		delete(known, a.Name)
		for _, look := range []func(context.Context, *rest.Config, string, string) ([]string, error){lookAt, ask} {
			more, err := look(ctx, config, a.Name, user)
			if err != nil {
				return nil, fmt.Errorf("account %q: %w", a.Name, err)
			}
			faults = append(faults, more...)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(known)) {
		faults = append(faults, name+" is in the table and not there")
	}
	return faults, nil
}

func fullName(account string) string { return "system:serviceaccount:" + Namespace + ":" + account }

func groups() []string {
	return []string{"system:serviceaccounts", "system:serviceaccounts:" + Namespace, "system:authenticated"}
}

// As is a configuration that acts as an account of the platform.
func As(config *rest.Config, account string) *rest.Config {
	as := rest.CopyConfig(config)
	as.Impersonate = rest.ImpersonationConfig{UserName: fullName(account), Groups: groups()}
	return as
}

// lookAt has the server list all that the account may do, and compares it with the tables.
func lookAt(ctx context.Context, config *rest.Config, account, user string) ([]string, error) {
	self, err := kubernetes.NewForConfig(As(config, account))
	if err != nil {
		return nil, err
	}
	var faults []string
	for _, namespace := range []string{Namespace, user, "kube-system", "knative-serving"} {
		want := Everywhere()[account]
		if namespace == Namespace {
			want = slices.Concat(want, AtHome()[account])
		}
		review, err := self.AuthorizationV1().SelfSubjectRulesReviews().Create(ctx, &authorizationv1.SelfSubjectRulesReview{
			Spec: authorizationv1.SelfSubjectRulesReviewSpec{Namespace: namespace},
		}, metav1.CreateOptions{})
		if err != nil {
			return nil, err
		}
		var rules []rbacv1.PolicyRule
		for _, r := range review.Status.ResourceRules {
			rules = append(rules, rbacv1.PolicyRule{Verbs: r.Verbs, APIGroups: r.APIGroups, Resources: r.Resources, ResourceNames: r.ResourceNames})
		}
		for _, d := range Differences(want, slices.DeleteFunc(Of(rules), everybody)) {
			faults = append(faults, fmt.Sprintf("%s in %s: %s", account, namespace, d))
		}
	}
	return faults, nil
}

// everybody tells the rights to ask for the own rights, which whoever is logged in to a cluster has.
func everybody(right string) bool {
	return strings.HasPrefix(right, "create self")
}

// ask asks the server, question by question, as kubectl auth can-i does.
func ask(ctx context.Context, config *rest.Config, account, user string) ([]string, error) {
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return nil, err
	}
	var faults []string
	for _, q := range Questions(user) {
		review, err := client.AuthorizationV1().SubjectAccessReviews().Create(ctx, &authorizationv1.SubjectAccessReview{
			Spec: authorizationv1.SubjectAccessReviewSpec{User: fullName(account), Groups: groups(), ResourceAttributes: &q.At},
		}, metav1.CreateOptions{})
		if err != nil {
			return nil, err
		}
		if may := slices.Contains(q.May, account); review.Status.Allowed != may {
			faults = append(faults, fmt.Sprintf("%s may %s: %t, want %t (%s)", account, q.Name, review.Status.Allowed, may, review.Status.Reason))
		}
	}
	return faults, nil
}
