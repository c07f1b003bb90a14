package mesh

import (
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"strconv"
	"strings"

	v1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// name is a Service's.
type name struct{ service, namespace string }

// parseHost reads <service>.<namespace>[.svc[.cluster.local]][:port]; the port of a bare name is 80.
func parseHost(host string) (name, int, error) {
	port := 80
	if h, p, err := net.SplitHostPort(host); err == nil {
		n, err := strconv.ParseUint(p, 10, 16)
		if err != nil {
			return name{}, 0, fmt.Errorf("port of %q is not a number", host)
		}
		host, port = h, int(n)
	}
	host = strings.TrimSuffix(strings.ToLower(host), ".")
	host = strings.TrimSuffix(host, ".cluster.local")
	host = strings.TrimSuffix(host, ".svc")
	service, namespace, ok := strings.Cut(host, ".")
	if !ok || service == "" || namespace == "" || strings.Contains(namespace, ".") {
		return name{}, 0, fmt.Errorf("%q is not a name of this cluster", host)
	}
	return name{service, namespace}, port, nil
}

// target is where a request goes: to a handler or to an address.
type target struct {
	handler http.Handler
	addr    string
}

// find resolves host; its error is for the caller to read.
func (m *Mesh) find(host string) (target, error) {
	n, port, err := parseHost(host)
	if err != nil {
		return target{}, err
	}
	m.mu.RLock()
	h := m.handlers[n]
	m.mu.RUnlock()
	if h != nil {
		return target{handler: h}, nil
	}
	addr, err := m.endpoint(n, port)
	return target{addr: addr}, err
}

// endpoint picks a pod of the Service, any that is ready.
func (m *Mesh) endpoint(n name, port int) (string, error) {
	if m.services == nil {
		return "", fmt.Errorf("no service %s.%s", n.service, n.namespace)
	}
	svc, err := m.services.Services(n.namespace).Get(n.service)
	if err != nil {
		return "", fmt.Errorf("no service %s.%s", n.service, n.namespace)
	}
	sp, ok := servicePort(svc, port)
	if !ok {
		return "", fmt.Errorf("service %s.%s has no port %d", n.service, n.namespace, port)
	}
	if len(svc.Spec.Selector) == 0 {
		return "", fmt.Errorf("service %s.%s selects no pods", n.service, n.namespace)
	}
	pods, err := m.pods.Pods(n.namespace).List(labels.SelectorFromSet(svc.Spec.Selector))
	if err != nil {
		return "", fmt.Errorf("list pods of service %s.%s: %w", n.service, n.namespace, err)
	}
	var addrs []string
	for _, p := range pods {
		if number, ok := targetPort(p, sp); ok && (serving(p) || svc.Spec.PublishNotReadyAddresses && p.Status.PodIP != "") {
			addrs = append(addrs, net.JoinHostPort(p.Status.PodIP, strconv.Itoa(number)))
		}
	}
	if len(addrs) == 0 {
		return "", fmt.Errorf("no pod of service %s.%s is ready", n.service, n.namespace)
	}
	return addrs[rand.N(len(addrs))], nil
}

func servicePort(svc *v1.Service, port int) (v1.ServicePort, bool) {
	for _, p := range svc.Spec.Ports {
		if int(p.Port) == port {
			return p, true
		}
	}
	return v1.ServicePort{}, false
}

// targetPort is the pod's port behind the Service's; by name it may differ from pod to pod.
func targetPort(pod *v1.Pod, sp v1.ServicePort) (int, bool) {
	if sp.TargetPort.Type == intstr.Int {
		if n := sp.TargetPort.IntValue(); n != 0 {
			return n, true
		}
		return int(sp.Port), true
	}
	for _, c := range pod.Spec.Containers {
		for _, p := range c.Ports {
			if p.Name == sp.TargetPort.StrVal {
				return int(p.ContainerPort), true
			}
		}
	}
	return 0, false
}

// serving tells whether a Service would send requests to the pod.
func serving(pod *v1.Pod) bool {
	if pod.DeletionTimestamp != nil || pod.Status.PodIP == "" {
		return false
	}
	for _, c := range pod.Status.Conditions {
		if c.Type == v1.PodReady {
			return c.Status == v1.ConditionTrue
		}
	}
	return false
}

// slim drops what no look-up reads.
func slim(o any) (any, error) {
	switch o := o.(type) {
	case *v1.Pod:
		return slimPod(o), nil
	case *v1.Service:
		o.ManagedFields, o.Annotations = nil, nil
	}
	return o, nil
}

func slimPod(p *v1.Pod) *v1.Pod {
	s := &v1.Pod{
		ObjectMeta: metav1.ObjectMeta{
			Name: p.Name, Namespace: p.Namespace, UID: p.UID, ResourceVersion: p.ResourceVersion,
			Labels: p.Labels, DeletionTimestamp: p.DeletionTimestamp,
		},
		Status: v1.PodStatus{PodIP: p.Status.PodIP, Conditions: p.Status.Conditions},
	}
	for _, c := range p.Spec.Containers {
		s.Spec.Containers = append(s.Spec.Containers, v1.Container{Name: c.Name, Ports: c.Ports})
	}
	return s
}
