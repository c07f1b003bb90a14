package overlays_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	kedav1alpha1 "github.com/kedacore/keda/v2/apis/keda/v1alpha1"
	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	eventingv1 "knative.dev/eventing/pkg/apis/eventing/v1"
	servingv1 "knative.dev/serving/pkg/apis/serving/v1"
	servingv1beta1 "knative.dev/serving/pkg/apis/serving/v1beta1"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
	gatewayv1beta1 "sigs.k8s.io/gateway-api/apis/v1beta1"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"
	"sigs.k8s.io/yaml"

	"onex.io/onex/scripts/admit"
	"onex.io/onex/shared/config"
)

const knative = "../../knative"

// built is what one or several overlays make of the platform, by kind.
type built map[string][]any

// build puts the overlays on the platform as an operator would: in a kustomization that lists them.
func build(t *testing.T, overlays ...string) built {
	t.Helper()
	folder := t.TempDir()
	here, err := filepath.Abs(knative)
	if err != nil {
		t.Fatal(err)
	}
	if folder, err = filepath.EvalSymlinks(folder); err != nil {
		t.Fatal(err)
	}
	root, err := filepath.Rel(folder, here)
	if err != nil {
		t.Fatal(err)
	}
	text := fmt.Sprintf("resources: [%s]\ncomponents:\n", root)
	for _, o := range overlays {
		text += fmt.Sprintf("- %s/overlays/%s\n", root, o)
	}
	if err := os.WriteFile(filepath.Join(folder, "kustomization.yaml"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return run(t, folder)
}

func run(t *testing.T, folder string) built {
	t.Helper()
	made, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(filesys.MakeFsOnDisk(), folder)
	if err != nil {
		t.Fatal(err)
	}
	all := built{}
	for _, r := range made.Resources() {
		text, err := r.AsYAML()
		if err != nil {
			t.Fatal(err)
		}
		kind := r.GetApiVersion() + " " + r.GetKind()
		object := typed(kind)
		if object == nil {
			all[kind] = append(all[kind], nil)
			continue // no overlay changes these: scripts/check judges them
		}
		if err := yaml.UnmarshalStrict(text, object); err != nil {
			t.Errorf("%s %q: %v", kind, r.GetName(), err)
		}
		all[kind] = append(all[kind], object)
	}
	return all
}

// typed makes an empty object of a kind that an overlay adds or changes.
func typed(kind string) any {
	switch kind {
	case "v1 ConfigMap":
		return &corev1.ConfigMap{}
	case "serving.knative.dev/v1 Service":
		return &servingv1.Service{}
	case "serving.knative.dev/v1beta1 DomainMapping":
		return &servingv1beta1.DomainMapping{}
	case "eventing.knative.dev/v1 Broker":
		return &eventingv1.Broker{}
	case "apps/v1 Deployment":
		return &appsv1.Deployment{}
	case "apps/v1 StatefulSet":
		return &appsv1.StatefulSet{}
	case "batch/v1 Job":
		return &batchv1.Job{}
	case "keda.sh/v1alpha1 ScaledObject":
		return &kedav1alpha1.ScaledObject{}
	case "keda.sh/v1alpha1 TriggerAuthentication":
		return &kedav1alpha1.TriggerAuthentication{}
	case "gateway.networking.k8s.io/v1 HTTPRoute":
		return &gatewayv1.HTTPRoute{}
	case "gateway.networking.k8s.io/v1 Gateway":
		return &gatewayv1.Gateway{}
	case "gateway.networking.k8s.io/v1beta1 ReferenceGrant":
		return &gatewayv1beta1.ReferenceGrant{}
	case "monitoring.coreos.com/v1 PodMonitor":
		return &podMonitor{}
	case "rbac.authorization.k8s.io/v1 ClusterRole":
		return &rbacv1.ClusterRole{}
	}
	return nil
}

// of are the objects of one type, by name.
func of[T any](all built) map[string]T {
	found := map[string]T{}
	for _, list := range all {
		for _, o := range list {
			if object, ok := o.(T); ok {
				found[any(object).(metav1.Object).GetName()] = object
			}
		}
	}
	return found
}

func TestKnativeAdmitsEveryOverlayAndAllOfThemAtOnce(t *testing.T) {
	every := []string{"monitoring", "gateway-api", "kafka", "multi-cluster", "tls"}
	entries, err := os.ReadDir(knative + "/overlays")
	if err != nil || len(entries) != len(every) {
		t.Fatalf("%d overlays, %v; tested are %v", len(entries), err, every)
	}
	plain := build(t)
	for _, chosen := range append([][]string{every}, slices.Collect(slices.Chunk(every, 1))...) {
		all := build(t, chosen...)
		for kind, list := range all {
			for _, o := range list {
				if r, ok := o.(admit.Resource); ok {
					if err := admit.Judge(t.Context(), r); err != nil {
						t.Errorf("%v: %s %q: %v", chosen, kind, o.(metav1.Object).GetName(), err)
					}
				}
			}
		}
		for kind, list := range plain {
			if len(all[kind]) < len(list) {
				t.Errorf("%v: %d of %s, without it %d", chosen, len(all[kind]), kind, len(list))
			}
		}
	}
}

func TestKafkaWithALogIn(t *testing.T) {
	all := build(t, "kafka")
	broker := of[*eventingv1.Broker](all)["default"]
	settings := of[*corev1.ConfigMap](all)[broker.Spec.Config.Name]
	if broker.Annotations[eventingv1.BrokerClassAnnotationKey] != "Kafka" || settings == nil || settings.Data["auth.secret.ref.name"] != "onex-kafka" || settings.Data["bootstrap.servers"] == "" {
		t.Errorf("broker %v goes by %+v", broker.Annotations, settings)
	}
	wantLogIn(t, all)
	logins := of[*kedav1alpha1.TriggerAuthentication](all)
	for name, s := range of[*kedav1alpha1.ScaledObject](all) {
		if err := kedav1alpha1.ValidateTriggers(s.Spec.Triggers); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		trigger := s.Spec.Triggers[0]
		if trigger.AuthenticationRef == nil || logins[trigger.AuthenticationRef.Name] == nil || trigger.Metadata["tls"] != "enable" || trigger.Metadata["sasl"] != "scram_sha512" {
			t.Errorf("%s: KEDA asks with %+v", name, trigger)
		}
	}
	for name, a := range logins {
		for _, s := range a.Spec.SecretTargetRef {
			if s.Name != "onex-kafka" || !slices.Contains([]string{"username", "password", "ca"}, s.Parameter) {
				t.Errorf("%s: %+v", name, s)
			}
		}
	}
	if len(logins) == 0 {
		t.Error("KEDA does not log in")
	}
}

// wantLogIn wants every function to know how to enter Kafka, as its configuration understands it.
func wantLogIn(t *testing.T, all built) {
	t.Helper()
	containers := map[string]corev1.Container{}
	for name, s := range of[*servingv1.Service](all) {
		containers[name] = s.Spec.Template.Spec.Containers[0]
	}
	for name, s := range of[*appsv1.StatefulSet](all) {
		containers[name] = s.Spec.Template.Spec.Containers[0]
	}
	for name, j := range of[*batchv1.Job](all) {
		containers[name] = j.Spec.Template.Spec.Containers[0]
	}
	for name, c := range containers {
		vars, err := config.NewKeys()
		if err != nil {
			t.Fatal(err)
		}
		for _, v := range c.Env {
			if v.ValueFrom != nil && v.ValueFrom.SecretKeyRef.Name == "onex-kafka" {
				vars[v.Name] = "from " + v.ValueFrom.SecretKeyRef.Key
			}
		}
		maps.Copy(vars, of[*corev1.ConfigMap](all)[c.EnvFrom[0].ConfigMapRef.Name].Data)
		got, err := config.ReadMap(vars)
		if err != nil || !got.KafkaTLS || got.KafkaSASL != "SCRAM-SHA-512" || got.KafkaUsername != "from user" || string(got.KafkaPassword) != "from password" || got.KafkaCA != "from ca.crt" {
			t.Errorf("%s enters as %q by %q, %v", name, got.KafkaUsername, got.KafkaSASL, err)
		}
		if !strings.Contains(got.Broker, "kafka-broker-ingress") {
			t.Errorf("%s tells its events to %s", name, got.Broker)
		}
	}
	if len(containers) < 20 {
		t.Errorf("%d containers were judged", len(containers))
	}
}

// route says which operation answers, as the gateway knows it.
type route struct{ Method, Path, Operation string }

func TestRoutesLeadWhereTheGatewayWouldLead(t *testing.T) {
	text, err := os.ReadFile("../../functions/gateway/routes.json")
	if err != nil {
		t.Fatal(err)
	}
	var table []route
	if err := json.Unmarshal(text, &table); err != nil {
		t.Fatal(err)
	}
	all := build(t, "gateway-api")
	gateways, routes := of[*gatewayv1.Gateway](all), of[*gatewayv1.HTTPRoute](all)
	variable := regexp.MustCompile(`\{\w+\}`)
	for _, want := range append(table, route{"GET", "/openapi.json", "gateway"}, route{"DELETE", "/v1/wallet", "gateway"}, route{"GET", "/v1/minersets/a/b/scale", "gateway"}) {
		path := variable.ReplaceAllString(want.Path, "my-pool")
		if got := answers(routes, want.Method, path); got != want.Operation {
			t.Errorf("%s %s leads to %q, want %q", want.Method, path, got, want.Operation)
		}
	}
	for name, r := range routes {
		rule := r.Spec.Rules[0]
		if len(r.Spec.Rules) != 1 || len(rule.Matches) > 64 || len(rule.Filters) != 1 || len(rule.BackendRefs) != 1 {
			t.Errorf("%s: %+v", name, r.Spec.Rules)
		}
		if gateways[string(r.Spec.ParentRefs[0].Name)] == nil || string(*rule.Filters[0].URLRewrite.Hostname) != name+".onex.svc.cluster.local" {
			t.Errorf("%s: from %+v to %+v", name, r.Spec.ParentRefs, rule.Filters)
		}
		wantGrant(t, of[*gatewayv1beta1.ReferenceGrant](all), rule.BackendRefs[0])
	}
}

// answers is whom a gateway asks: an exact path is matched before a pattern, and that before a prefix.
func answers(routes map[string]*gatewayv1.HTTPRoute, method, path string) string {
	best, operation := 0, ""
	for name, r := range routes {
		for _, m := range r.Spec.Rules[0].Matches {
			rank := 0
			switch value := *m.Path.Value; *m.Path.Type {
			case gatewayv1.PathMatchExact:
				rank = 3 * one(path == value)
			case gatewayv1.PathMatchRegularExpression:
				rank = 2 * one(regexp.MustCompile("^(?:"+value+")$").MatchString(path))
			case gatewayv1.PathMatchPathPrefix:
				rank = one(strings.HasPrefix(path, value))
			}
			if m.Method != nil && string(*m.Method) != method {
				rank = 0
			}
			if rank > best {
				best, operation = rank, name
			}
		}
	}
	return operation
}

func one(yes bool) int {
	if yes {
		return 1
	}
	return 0
}

func wantGrant(t *testing.T, grants map[string]*gatewayv1beta1.ReferenceGrant, to gatewayv1.HTTPBackendRef) {
	t.Helper()
	for _, g := range grants {
		if g.Namespace == string(*to.Namespace) && *g.Spec.To[0].Name == to.Name && g.Spec.From[0].Namespace == "onex" {
			return
		}
	}
	t.Errorf("nobody lets us in at %+v", to)
}

func TestWhatNeverSleepsIsScraped(t *testing.T) {
	all := build(t, "monitoring")
	monitors := of[*podMonitor](all)
	pods := of[*appsv1.Deployment](all)["reconciler"].Spec.Template
	reconciler := monitors["reconciler"]
	if !covers(t, reconciler, pods.Labels) || !slices.ContainsFunc(pods.Spec.Containers[0].Ports, func(p corev1.ContainerPort) bool {
		return p.Name == reconciler.Spec.PodMetricsEndpoints[0].Port
	}) {
		t.Errorf("the reconciler is not found by %+v", reconciler.Spec)
	}
	node := map[string]string{"app.kubernetes.io/managed-by": "onex", "apps.onex.io/miner": "night-0"} // see functions/reconciler/pod.go
	if toyblc := monitors["toyblc"]; !covers(t, toyblc, node) || !toyblc.Spec.NamespaceSelector.Any || toyblc.Spec.PodMetricsEndpoints[0].Port != "http" {
		t.Errorf("the nodes are not found by %+v", toyblc.Spec)
	}
}

func covers(t *testing.T, m *podMonitor, pod map[string]string) bool {
	t.Helper()
	selector, err := metav1.LabelSelectorAsSelector(&m.Spec.Selector)
	if err != nil {
		t.Fatal(err)
	}
	return selector.Matches(labels(pod))
}

func TestHTTPSAlone(t *testing.T) {
	all := build(t, "tls")
	domains := of[*servingv1beta1.DomainMapping](all)
	for name, d := range domains {
		if d.Spec.Ref.Name != "gateway" || d.Spec.TLS == nil || d.Spec.TLS.SecretName == "" || d.Annotations["networking.knative.dev/http-protocol"] != "Redirected" {
			t.Errorf("%s: %+v", name, d)
		}
	}
	for name, s := range of[*servingv1.Service](all) {
		if s.Labels["networking.knative.dev/visibility"] != "cluster-local" {
			t.Errorf("%s answers beside the domain", name)
		}
	}
	if len(domains) != 1 {
		t.Errorf("%d domains", len(domains))
	}
}
