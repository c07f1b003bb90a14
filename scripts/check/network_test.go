package check

import (
	"slices"
	"strconv"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// end is one end of a connection: a pod, or with an address alone somebody outside the cluster.
type end struct {
	namespace       string
	labels          labels.Set
	namespaceLabels labels.Set
	address         string
}

func (e end) outside() bool { return e.address != "" }

func selects(t *testing.T, s *metav1.LabelSelector, set labels.Set) bool {
	t.Helper()
	selector, err := metav1.LabelSelectorAsSelector(s)
	if err != nil {
		t.Fatal(err)
	}
	return selector.Matches(set)
}

// isPeer tells whether a rule of a policy in a namespace means the other end. No rule of ours names addresses.
func isPeer(t *testing.T, namespace string, p networkingv1.NetworkPolicyPeer, other end) bool {
	t.Helper()
	if p.IPBlock != nil {
		t.Fatal("addresses are the operator's")
	}
	switch {
	case other.outside():
		return false
	case p.NamespaceSelector == nil && other.namespace != namespace,
		p.NamespaceSelector != nil && !selects(t, p.NamespaceSelector, other.namespaceLabels):
		return false
	}
	return p.PodSelector == nil || selects(t, p.PodSelector, other.labels)
}

// fits tells whether a rule's peers and ports, of which none means any, hold for the other end and a port.
func fits(t *testing.T, namespace string, peers []networkingv1.NetworkPolicyPeer, ports []networkingv1.NetworkPolicyPort, other end, port string) bool {
	t.Helper()
	number, protocol, _ := strings.Cut(port, "/")
	n, err := strconv.Atoi(number)
	if err != nil {
		t.Fatal(err)
	}
	heard := len(peers) == 0 || slices.ContainsFunc(peers, func(p networkingv1.NetworkPolicyPeer) bool { return isPeer(t, namespace, p, other) })
	return heard && (len(ports) == 0 || slices.ContainsFunc(ports, func(p networkingv1.NetworkPolicyPort) bool {
		return p.Port != nil && *p.Port == intstr.FromInt(n) && p.Protocol != nil && string(*p.Protocol) == map[string]string{"": "TCP", "udp": "UDP"}[protocol]
	}))
}

// allowed is Kubernetes' rule: who is selected by a policy for a direction speaks in it to whom some policy allows, who is
// not speaks to everybody; and both ends must agree.
func allowed(t *testing.T, policies []*networkingv1.NetworkPolicy, from, to end, port string) bool {
	t.Helper()
	fenced := map[networkingv1.PolicyType]bool{}
	open := map[networkingv1.PolicyType]bool{}
	for _, p := range policies {
		for _, direction := range p.Spec.PolicyTypes {
			self, other := to, from
			if direction == networkingv1.PolicyTypeEgress {
				self, other = from, to
			}
			if self.outside() || self.namespace != p.Namespace || !selects(t, &p.Spec.PodSelector, self.labels) {
				continue
			}
			fenced[direction] = true
			if direction == networkingv1.PolicyTypeIngress {
				for _, r := range p.Spec.Ingress {
					open[direction] = open[direction] || fits(t, p.Namespace, r.From, r.Ports, other, port)
				}
				continue
			}
			for _, r := range p.Spec.Egress {
				open[direction] = open[direction] || fits(t, p.Namespace, r.To, r.Ports, other, port)
			}
		}
	}
	return (!fenced[networkingv1.PolicyTypeIngress] || open[networkingv1.PolicyTypeIngress]) &&
		(!fenced[networkingv1.PolicyTypeEgress] || open[networkingv1.PolicyTypeEgress])
}

// fencesOf are the policies of the platform, and those that every user's namespace gets.
func fencesOf(t *testing.T, users ...string) []*networkingv1.NetworkPolicy {
	t.Helper()
	var all []*networkingv1.NetworkPolicy
	for _, o := range objects(t) {
		if p, ok := o.body.(*networkingv1.NetworkPolicy); ok {
			all = append(all, p)
		}
	}
	for _, user := range users {
		for _, o := range documents(t, "shared/kube/fences.yaml") {
			p := o.body.(*networkingv1.NetworkPolicy).DeepCopy()
			p.Namespace = user
			all = append(all, p)
		}
	}
	for _, p := range all {
		if len(p.Spec.PolicyTypes) == 0 {
			t.Errorf("%s in %s does not say what it fences", p.Name, p.Namespace)
		}
	}
	return all
}

func in(namespace string, pairs ...string) end {
	e := end{namespace: namespace, labels: labels.Set{}, namespaceLabels: labels.Set{corev1.LabelMetadataName: namespace}}
	for _, pair := range pairs {
		name, value, _ := strings.Cut(pair, "=")
		e.labels[name] = value
	}
	return e
}

func (e end) marked(name string) end {
	e.namespaceLabels = labels.Merge(e.namespaceLabels, labels.Set{name: "true"})
	return e
}

func userEnd(e end) end {
	e.namespaceLabels = labels.Merge(e.namespaceLabels, labels.Set{"app.kubernetes.io/managed-by": "onex"})
	return e
}

// What a cluster enforces is its network's own doing. This holds the policies against what they are for, by Kubernetes'
// rules for them.
func TestWhoMaySpeakToWhom(t *testing.T) {
	policies := fencesOf(t, "user-ada", "user-eve")
	function := func(name string) end {
		return in("onex", "serving.knative.dev/service="+name, "app.kubernetes.io/component="+name)
	}
	node := func(namespace string) end { return userEnd(in(namespace, "app.kubernetes.io/managed-by=onex")) }
	public := in("kube-system", "app.kubernetes.io/managed-by=onex")
	reconciler, stream := in("onex", "app.kubernetes.io/component=reconciler"), in("onex", "app.kubernetes.io/component=store-audit")
	stray, dns, shop := userEnd(in("user-ada", "app=stray")), in("kube-system", "k8s-app=kube-dns"), in("shop", "app=till")
	activator, kourier, ingress := in("knative-serving", "app=activator"), in("kourier-system"), in("edge").marked("onex.io/ingress")
	broker := in("knative-eventing", "eventing.knative.dev/brokerRole=ingress")
	dispatcher, kafkaBroker := in("knative-eventing", "app=imc-dispatcher"), in("knative-eventing", "app=kafka-broker-receiver")
	prometheus := in("watch").marked("onex.io/monitoring")
	mongo, metadata, world := end{address: "10.250.0.1"}, end{address: "169.254.169.254"}, end{address: "1.2.3.4"}

	for _, row := range []struct {
		name     string
		from, to end
		port     string
		want     bool
	}{
		{"the activator calls a function", activator, function("get-wallet"), "8012", true},
		{"the activator speaks HTTP/2", activator, function("gateway"), "8013", true},
		{"an ingress that is known calls the gateway", kourier, function("gateway"), "8012", true},
		{"an ingress that is labeled calls the gateway", ingress, function("gateway"), "8012", true},
		{"an ingress passes the proxy by", kourier, function("gateway"), "8080", false},
		{"the autoscaler counts", in("knative-serving", "app=autoscaler"), function("get-wallet"), "9090", true},
		{"an event comes by a mesh", dispatcher, function("grant-gift"), "8012", true},
		{"an event comes to the gateway", dispatcher, function("gateway"), "8012", false},
		{"the gateway calls by a mesh", function("gateway"), function("get-wallet"), "8012", true},
		{"one function calls another", function("get-wallet"), function("buy-slot"), "8012", false},
		{"the reconciler buys by a mesh", reconciler, function("gateway"), "8012", true},
		{"the reconciler passes the proxy by", reconciler, function("gateway"), "8080", false},
		{"a node calls a function", node("user-ada"), function("buy-slot"), "8012", false},
		{"a stray pod calls a function", stray, function("buy-slot"), "8012", false},
		{"another's application calls a function", shop, function("get-wallet"), "8012", false},
		{"another's application calls a function itself", shop, function("get-wallet"), "8080", false},
		{"the world calls a function", world, function("get-wallet"), "8012", false},
		{"another's application asks the reconciler", shop, reconciler, "8080", false},
		{"who watches asks the reconciler", prometheus, reconciler, "8080", true},
		{"anybody calls a stream", activator, stream, "8080", false},
		{"a function reaches the store", function("get-wallet"), mongo, "27017", true},
		{"a function reads a chain", function("get-chain-status"), node("user-ada"), "38080", true},
		{"a function reads everybody's chain", function("settle-chain"), public, "38080", true},

		{"a node speaks to its peer", node("user-ada"), node("user-ada"), "6001", true},
		{"a node catches up from its peer", node("user-ada"), node("user-ada"), "38080", true},
		{"a node speaks to another user's", node("user-eve"), node("user-ada"), "6001", false},
		{"a node reads another user's chain", node("user-eve"), node("user-ada"), "38080", false},
		{"a node joins everybody's chain", node("user-ada"), public, "6001", true},
		{"everybody's chain calls a user's node", public, node("user-ada"), "6001", false},
		{"everybody's chain has a second node", public, public, "6001", true},
		{"a node tells the Broker", node("user-ada"), broker, "8080", true},
		{"a node tells Kafka's Broker", node("user-ada"), kafkaBroker, "8080", true},
		{"a node of everybody's chain tells the Broker", public, broker, "8080", true},
		{"a node speaks for the Broker", node("user-ada"), dispatcher, "8080", false},
		{"a node asks for names", node("user-ada"), dns, "53/udp", true},
		{"a node asks the node for names", node("user-ada"), end{address: "169.254.20.10"}, "53/udp", true},
		{"a node reaches the store", node("user-ada"), mongo, "27017", false},
		{"a node reaches Kafka", node("user-ada"), mongo, "9092", false},
		{"a node reaches Redis", node("user-ada"), mongo, "6379", false},
		{"a node asks the cloud who it is", node("user-ada"), metadata, "80", false},
		{"a node of everybody's chain asks the cloud", public, metadata, "80", false},
		{"a node reaches the object API", node("user-ada"), mongo, "6443", false},
		{"a node reaches the world", node("user-ada"), world, "443", false},
		{"a node sends telemetry", node("user-ada"), prometheus, "4317", true},
		{"who watches reads a node", prometheus, node("user-ada"), "38080", true},
		{"who watches joins a chain", prometheus, node("user-ada"), "6001", false},
		{"another's application reads a node", shop, node("user-ada"), "38080", false},
		{"the world joins a chain", world, node("user-ada"), "6001", false},
		{"a stray pod reaches the Broker", stray, broker, "8080", false},
		{"a stray pod reads the own chain", stray, node("user-ada"), "38080", false},
		{"a stray pod reaches the store", stray, mongo, "27017", false},
		{"a stray pod asks the cloud", stray, metadata, "80", false},

		{"the cluster's own parts speak as before", in("kube-system", "app=metrics"), dns, "53/udp", true},
		{"others speak to each other as before", shop, in("shop"), "80", true},
	} {
		if got := allowed(t, policies, row.from, row.to, row.port); got != row.want {
			t.Errorf("%s, at %s: %t, want %t", row.name, row.port, got, row.want)
		}
	}
}

// The rule itself, or the table above proves nothing.
func TestTheRuleOfPolicies(t *testing.T) {
	a, b := in("one", "app=a"), in("one", "app=b")
	policy := func(spec networkingv1.NetworkPolicySpec) []*networkingv1.NetworkPolicy {
		return []*networkingv1.NetworkPolicy{{ObjectMeta: metav1.ObjectMeta{Namespace: "one"}, Spec: spec}}
	}
	only := networkingv1.NetworkPolicySpec{PolicyTypes: []networkingv1.PolicyType{networkingv1.PolicyTypeIngress}}
	tcp, port := corev1.ProtocolTCP, intstr.FromInt(80)
	some := only
	some.Ingress = []networkingv1.NetworkPolicyIngressRule{{
		From:  []networkingv1.NetworkPolicyPeer{{PodSelector: &metav1.LabelSelector{MatchLabels: map[string]string{"app": "a"}}}},
		Ports: []networkingv1.NetworkPolicyPort{{Protocol: &tcp, Port: &port}},
	}}
	for i, row := range []struct {
		policies []*networkingv1.NetworkPolicy
		from, to end
		port     string
		want     bool
	}{
		{nil, a, b, "80", true},
		{policy(only), a, b, "80", false},
		{policy(only), a, in("two"), "80", true},
		{policy(some), a, b, "80", true},
		{policy(some), a, b, "80/udp", false},
		{policy(some), a, b, "81", false},
		{policy(some), b, b, "80", false},
		{policy(some), in("two", "app=a"), b, "80", false},
		{append(policy(only), policy(some)...), a, b, "80", true},
	} {
		if got := allowed(t, row.policies, row.from, row.to, row.port); got != row.want {
			t.Errorf("row %d: %t", i, got)
		}
	}
}
