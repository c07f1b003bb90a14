package node

import (
	"context"
	"fmt"
	"strings"

	v1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/kubernetes/pkg/fieldpath"
	"k8s.io/kubernetes/third_party/forked/golang/expansion"
)

// environment is a container's variables in the order of their declaration; a later one may use an earlier one.
type environment struct {
	names  []string
	values map[string]string
}

func (e *environment) set(name, value string) {
	if _, known := e.values[name]; !known {
		e.names = append(e.names, name)
	}
	e.values[name] = value
}

// expand replaces $(NAME) as Kubernetes does: an unknown name stays, $$(NAME) is a literal $(NAME).
func (e *environment) expand(s string) string {
	return expansion.Expand(s, expansion.MappingFuncFor(e.values))
}

func (e *environment) list() []string {
	list := make([]string, 0, len(e.names))
	for _, n := range e.names {
		list = append(list, n+"="+e.values[n])
	}
	return list
}

// environment resolves every variable of the container.
func (w *worker) environment(ctx context.Context, c *container) (*environment, error) {
	env := &environment{values: map[string]string{}}
	for _, from := range c.spec.EnvFrom {
		if err := w.envFrom(ctx, c, from, env); err != nil {
			return nil, err
		}
	}
	for _, v := range c.spec.Env {
		value, found, err := w.envValue(ctx, c, v, env)
		if err != nil {
			return nil, fmt.Errorf("variable %q: %w", v.Name, err)
		}
		if found {
			env.set(v.Name, value)
		}
	}
	return env, nil
}

func (w *worker) envFrom(ctx context.Context, c *container, from v1.EnvFromSource, env *environment) error {
	data, err := map[string]string{}, error(nil)
	switch {
	case from.ConfigMapRef != nil:
		data, err = w.configMap(ctx, c.pod.Namespace, from.ConfigMapRef.Name, from.ConfigMapRef.Optional)
	case from.SecretRef != nil:
		data, err = w.secret(ctx, c.pod.Namespace, from.SecretRef.Name, from.SecretRef.Optional)
	}
	if err != nil {
		return err
	}
	for k, v := range data {
		env.set(from.Prefix+k, v)
	}
	return nil
}

// envValue tells the value of a variable, or that it has none and is not to be set.
func (w *worker) envValue(ctx context.Context, c *container, v v1.EnvVar, env *environment) (string, bool, error) {
	from := v.ValueFrom
	switch {
	case from == nil:
		return env.expand(v.Value), true, nil
	case from.FieldRef != nil:
		value, err := field(c.pod, from.FieldRef.FieldPath)
		return value, true, err
	case from.SecretKeyRef != nil:
		ref := from.SecretKeyRef
		data, err := w.secret(ctx, c.pod.Namespace, ref.Name, ref.Optional)
		return key(data, ref.Key, ref.Optional, err)
	case from.ConfigMapKeyRef != nil:
		ref := from.ConfigMapKeyRef
		data, err := w.configMap(ctx, c.pod.Namespace, ref.Name, ref.Optional)
		return key(data, ref.Key, ref.Optional, err)
	default:
		return "", false, fmt.Errorf("its source is not known on this machine")
	}
}

func key(data map[string]string, name string, optional *bool, err error) (string, bool, error) {
	if err != nil {
		return "", false, err
	}
	value, ok := data[name]
	if !ok && !isTrue(optional) {
		return "", false, fmt.Errorf("key %q is missing", name)
	}
	return value, ok, nil
}

// field is the value of a downward-API path.
func field(pod *v1.Pod, path string) (string, error) {
	switch path {
	case "status.podIP":
		return pod.Status.PodIP, nil
	case "status.podIPs":
		return pod.Status.PodIP, nil
	case "status.hostIP", "status.hostIPs":
		return pod.Status.HostIP, nil
	case "spec.nodeName":
		return pod.Spec.NodeName, nil
	case "spec.serviceAccountName":
		return pod.Spec.ServiceAccountName, nil
	}
	return fieldpath.ExtractFieldPathAsString(pod, path)
}

func (w *worker) secret(ctx context.Context, namespace, name string, optional *bool) (map[string]string, error) {
	s, err := w.node.o.Client.CoreV1().Secrets(namespace).Get(ctx, name, metav1.GetOptions{})
	if apierrors.IsNotFound(err) && isTrue(optional) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read secret %q: %w", name, err)
	}
	return asText(s.Data, nil), nil
}

func (w *worker) configMap(ctx context.Context, namespace, name string, optional *bool) (map[string]string, error) {
	m, err := w.node.o.Client.CoreV1().ConfigMaps(namespace).Get(ctx, name, metav1.GetOptions{})
	if apierrors.IsNotFound(err) && isTrue(optional) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read config map %q: %w", name, err)
	}
	return asText(m.BinaryData, m.Data), nil
}

// asText merges bytes and text; Go's strings hold either.
func asText(data map[string][]byte, text map[string]string) map[string]string {
	all := make(map[string]string, len(data)+len(text))
	for k, v := range data {
		all[k] = string(v)
	}
	for k, v := range text {
		all[k] = strings.Clone(v)
	}
	return all
}

func isTrue(b *bool) bool { return b != nil && *b }
