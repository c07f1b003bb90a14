package overlays_test

import (
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	k8slabels "k8s.io/apimachinery/pkg/labels"

	"onex.io/onex/shared/config"
)

func labels(of map[string]string) k8slabels.Set { return of }

func TestTheReconcilerFindsTheClusterOfTheNodes(t *testing.T) {
	all := build(t, "multi-cluster")
	pod := of[*appsv1.Deployment](all)["reconciler"].Spec.Template.Spec
	file := ""
	for _, v := range pod.Containers[0].Env {
		if v.Name == "ONEX_NODES_KUBECONFIG" {
			file = v.Value
		}
	}
	mounted := ""
	for _, m := range pod.Containers[0].VolumeMounts {
		for _, v := range pod.Volumes {
			if v.Name == m.Name && v.Secret != nil && v.Secret.SecretName == "onex-nodes" {
				mounted = m.MountPath + "/kubeconfig"
			}
		}
	}
	if file == "" || file != mounted {
		t.Errorf("looks for %q, the Secret is at %q", file, mounted)
	}
	if pod.SecurityContext.FSGroup == nil || !*pod.SecurityContext.RunAsNonRoot {
		t.Errorf("who is not root cannot read it: %+v", pod.SecurityContext)
	}
	vars, err := config.NewKeys()
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range of[*corev1.ConfigMap](all)["onex-policy"].Data {
		vars[name] = value
	}
	if c, err := config.ReadMap(vars); err != nil || c.Nodes == "http://%s.%s.svc.cluster.local:8080" {
		t.Errorf("functions look for nodes at %q, %v", c.Nodes, err)
	}
}

func TestTheOtherClusterHasAnAccount(t *testing.T) {
	all := run(t, knative+"/overlays/multi-cluster/nodes")
	for _, kind := range []string{"v1 Namespace", "v1 ServiceAccount", "v1 Secret", "rbac.authorization.k8s.io/v1 ClusterRole", "rbac.authorization.k8s.io/v1 ClusterRoleBinding"} {
		if len(all[kind]) != 1 {
			t.Errorf("%d of %s", len(all[kind]), kind)
		}
	}
}
