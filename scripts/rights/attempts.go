package rights

import (
	"context"
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
)

// attempt is something that an account with the right to it tries to do where, or how, admission policies do not let it.
type attempt struct {
	name, account string
	// refused is part of the refusal; empty where the attempt is what the account is for.
	refused string
	try     func(context.Context, kubernetes.Interface, metav1.CreateOptions) error
}

// BeyondBounds has accounts try, without doing it, what their roles allow and admission policies do not, and tells what
// turned out otherwise. user is the namespace of somebody.
func BeyondBounds(ctx context.Context, config *rest.Config, user string) ([]string, error) {
	var faults []string
	for _, a := range attempts(user) {
		client, err := kubernetes.NewForConfig(As(config, a.account))
		if err != nil {
			return nil, err
		}
		err = a.try(ctx, client, metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
		switch {
		case a.refused == "" && err != nil:
			faults = append(faults, fmt.Sprintf("%s could not %s: %v", a.account, a.name, err))
		case a.refused != "" && (!apierrors.IsForbidden(err) || !strings.Contains(err.Error(), a.refused)):
			faults = append(faults, fmt.Sprintf("%s, to %s, was not refused for %q: %v", a.account, a.name, a.refused, err))
		}
	}
	return faults, nil
}

func attempts(user string) []attempt {
	all := []attempt{
		{"make a node with a user", "reconciler", "", pod(user, nil)},
		{"make a node of everybody's chain", "reconciler", "", pod("kube-system", nil)},
		{"make a pod beside the platform's", "reconciler", "metadata.namespace", pod(Namespace, nil)},
		{"make a pod beside Knative's", "reconciler", "metadata.namespace", pod("knative-serving", nil)},
		{"make what it would not find again", "reconciler", "metadata.labels", pod(user, func(p *corev1.Pod) { p.Labels = nil })},
		{"make a node that acts as somebody", "reconciler", "spec.serviceAccountName", pod("kube-system", func(p *corev1.Pod) { p.Spec.AutomountServiceAccountToken = nil })},
		{"mount another's Secret", "reconciler", "spec.volumes", pod("kube-system", func(p *corev1.Pod) { p.Spec.Volumes[0].Secret.SecretName = "bootstrap" })},
		{"mount the node's disk", "reconciler", "spec.volumes", pod("kube-system", func(p *corev1.Pod) {
			p.Spec.Volumes[0].VolumeSource = corev1.VolumeSource{HostPath: &corev1.HostPathVolumeSource{Path: "/"}}
		})},
		{"read a Secret into an environment", "reconciler", "spec.containers.env", pod("kube-system", func(p *corev1.Pod) {
			ref := corev1.LocalObjectReference{Name: "bootstrap"}
			p.Spec.Containers[0].EnvFrom = []corev1.EnvFromSource{{SecretRef: &corev1.SecretEnvSource{LocalObjectReference: ref}}}
		})},
		{"make a pod that is on the node's network", "reconciler", "spec.containers.securityContext", pod("kube-system", func(p *corev1.Pod) { p.Spec.HostNetwork = true })},
		{"make a pod that is root", "reconciler", "spec.containers.securityContext", pod("kube-system", func(p *corev1.Pod) { p.Spec.Containers[0].SecurityContext = nil })},
		{"keep a node's key", "reconciler", "", secret(user, corev1.SecretTypeOpaque)},
		{"make a Secret beside the platform's", "reconciler", "metadata.namespace", secret(Namespace, corev1.SecretTypeOpaque)},
		{"make a Secret that Kubernetes fills in", "reconciler", "type", secret("kube-system", corev1.SecretTypeBasicAuth)},
		{"open a Service to the world", "reconciler", "spec.type", service(user)},
	}
	for _, account := range []string{"create-user", "make-admin"} {
		all = append(all,
			attempt{"make a user's namespace", account, "", namespace("user-somebodynew", "restricted")},
			attempt{"make another namespace", account, "metadata.namespace", namespace("onex-two", "restricted")},
			attempt{"make a namespace for pods of any kind", account, "metadata.labels", namespace("user-somebodynew", "privileged")},
			attempt{"fence a user", account, "", policy(user)},
			attempt{"open the platform's network", account, "metadata.namespace", policy(Namespace)},
		)
	}
	return append(all,
		attempt{"open the platform's network", "fence-namespaces", "metadata.namespace", policy(Namespace)},
		attempt{"remove a user", "remove-user", "", removal(user)},
		attempt{"remove the platform", "remove-user", "metadata.namespace", removal(Namespace)},
	)
}

func ours(namespace, name string) metav1.ObjectMeta {
	return metav1.ObjectMeta{Namespace: namespace, Name: name, Labels: map[string]string{"app.kubernetes.io/managed-by": "onex"}}
}

// pod is a node as the reconciler makes it, spoiled.
func pod(namespace string, spoil func(*corev1.Pod)) func(context.Context, kubernetes.Interface, metav1.CreateOptions) error {
	yes, no := true, false
	p := &corev1.Pod{ObjectMeta: ours(namespace, "attempt"), Spec: corev1.PodSpec{
		AutomountServiceAccountToken: &no,
		Volumes:                      []corev1.Volume{{Name: "key", VolumeSource: corev1.VolumeSource{Secret: &corev1.SecretVolumeSource{SecretName: "attempt-key-c0ffee"}}}},
		Containers: []corev1.Container{{Name: "node", Image: "node", SecurityContext: &corev1.SecurityContext{
			AllowPrivilegeEscalation: &no, RunAsNonRoot: &yes, Capabilities: &corev1.Capabilities{Drop: []corev1.Capability{"ALL"}},
			SeccompProfile: &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeRuntimeDefault},
		}}},
	}}
	if spoil != nil {
		spoil(p)
	}
	return func(ctx context.Context, c kubernetes.Interface, o metav1.CreateOptions) error {
		_, err := c.CoreV1().Pods(namespace).Create(ctx, p, o)
		return err
	}
}

func secret(namespace string, kind corev1.SecretType) func(context.Context, kubernetes.Interface, metav1.CreateOptions) error {
	return func(ctx context.Context, c kubernetes.Interface, o metav1.CreateOptions) error {
		data := map[string][]byte{corev1.BasicAuthUsernameKey: nil, corev1.BasicAuthPasswordKey: nil}
		_, err := c.CoreV1().Secrets(namespace).Create(ctx, &corev1.Secret{ObjectMeta: ours(namespace, "attempt"), Type: kind, Data: data}, o)
		return err
	}
}

func service(namespace string) func(context.Context, kubernetes.Interface, metav1.CreateOptions) error {
	return func(ctx context.Context, c kubernetes.Interface, o metav1.CreateOptions) error {
		spec := corev1.ServiceSpec{Type: corev1.ServiceTypeNodePort, Ports: []corev1.ServicePort{{Port: 80}}}
		_, err := c.CoreV1().Services(namespace).Create(ctx, &corev1.Service{ObjectMeta: ours(namespace, "attempt"), Spec: spec}, o)
		return err
	}
}

func removal(namespace string) func(context.Context, kubernetes.Interface, metav1.CreateOptions) error {
	return func(ctx context.Context, c kubernetes.Interface, o metav1.CreateOptions) error {
		return c.CoreV1().Namespaces().Delete(ctx, namespace, metav1.DeleteOptions{DryRun: o.DryRun})
	}
}

func namespace(name, level string) func(context.Context, kubernetes.Interface, metav1.CreateOptions) error {
	return func(ctx context.Context, c kubernetes.Interface, o metav1.CreateOptions) error {
		meta := ours("", name)
		meta.Labels["pod-security.kubernetes.io/enforce"] = level
		_, err := c.CoreV1().Namespaces().Create(ctx, &corev1.Namespace{ObjectMeta: meta}, o)
		return err
	}
}

func policy(namespace string) func(context.Context, kubernetes.Interface, metav1.CreateOptions) error {
	return func(ctx context.Context, c kubernetes.Interface, o metav1.CreateOptions) error {
		_, err := c.NetworkingV1().NetworkPolicies(namespace).Create(ctx, &networkingv1.NetworkPolicy{ObjectMeta: ours(namespace, "attempt")}, o)
		return err
	}
}
