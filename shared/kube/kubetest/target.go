package kubetest

import "strings"

// target is where an object, or a collection of them, stands: what a path says.
type target struct {
	group, resource, namespace, name string
}

// parse reads a path such as /apis/apps.onex.io/v1beta1/namespaces/x/miners/y/status.
func parse(path string) (target, bool) {
	parts := strings.Split(strings.Trim(path, "/"), "/")
	var at target
	switch {
	case len(parts) >= 3 && parts[0] == "api":
		parts = parts[2:]
	case len(parts) >= 4 && parts[0] == "apis":
		at.group, parts = parts[1], parts[3:]
	default:
		return at, false
	}
	if len(parts) > 2 && parts[0] == "namespaces" {
		at.namespace, parts = parts[1], parts[2:]
	}
	at.resource = parts[0]
	if len(parts) > 1 {
		at.name = parts[1]
	}
	return at, true
}

// has tells whether the collection holds what is at the other target.
func (at target) has(other target) bool {
	return at.group == other.group && at.resource == other.resource &&
		(at.namespace == "" || at.namespace == other.namespace)
}

// kindOf is the kind of a resource that clients read in lists.
func kindOf(resource string) string {
	switch resource {
	case "chains":
		return "Chain"
	case "minersets":
		return "MinerSet"
	case "miners":
		return "Miner"
	case "pods":
		return "Pod"
	case "services":
		return "Service"
	case "secrets":
		return "Secret"
	case "events":
		return "Event"
	case "namespaces":
		return "Namespace"
	case "networkpolicies":
		return "NetworkPolicy"
	case "scaledobjects":
		return "ScaledObject"
	case "triggerauthentications":
		return "TriggerAuthentication"
	}
	return "Unknown"
}

// versionOf is the apiVersion of a group; each has one.
func versionOf(group string) string {
	switch group {
	case "":
		return "v1"
	case "apps.onex.io":
		return group + "/v1beta1"
	case "keda.sh":
		return group + "/v1alpha1"
	}
	return group + "/v1"
}
