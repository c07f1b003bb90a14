package check

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	kedav1alpha1 "github.com/kedacore/keda/v2/apis/keda/v1alpha1"
	rbacv1 "k8s.io/api/rbac/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	eventingv1 "knative.dev/eventing/pkg/apis/eventing/v1"
	sourcesv1 "knative.dev/eventing/pkg/apis/sources/v1"
	duckv1 "knative.dev/pkg/apis/duck/v1"
	"knative.dev/serving/pkg/apis/autoscaling"
	servingv1 "knative.dev/serving/pkg/apis/serving/v1"
	"sigs.k8s.io/yaml"

	"onex.io/onex/eventing"
	"onex.io/onex/functions/catalog"
	"onex.io/onex/scripts/admit"
	"onex.io/onex/shared/op"
)

// refusal is what the webhooks say against a resource, warnings included; empty when nothing.
func refusal(t *testing.T, o admit.Resource) string {
	t.Helper()
	if err := admit.Judge(t.Context(), o); err != nil {
		return err.Error()
	}
	return ""
}

func TestKnativeAdmitsEveryResourceWithoutAWarning(t *testing.T) {
	admittedKinds := 0
	for _, o := range objects(t) {
		if r, ok := o.body.(admit.Resource); ok {
			admittedKinds++
			if text := refusal(t, r); text != "" {
				t.Errorf("%s: %s %q: %s", o.file, o.kind, o.meta.GetName(), text)
			}
		}
	}
	if admittedKinds < 10 {
		t.Errorf("%d resources were judged", admittedKinds)
	}
}

// The judge must be able to refuse, or the test above proves nothing.
func TestTheJudgeRefuses(t *testing.T) {
	for name, row := range map[string]struct {
		o    admit.Resource
		text string
	}{
		"a timeout beyond Knative's own":  {&servingv1.Service{}, "metadata: {name: x}\nspec: {template: {spec: {timeoutSeconds: 4000, containers: [{image: x}]}}}"},
		"a scale the wrong way around":    {&servingv1.Service{}, "metadata: {name: x}\nspec: {template: {metadata: {annotations: {autoscaling.knative.dev/min-scale: \"5\", autoscaling.knative.dev/max-scale: \"2\"}}, spec: {containers: [{image: x}]}}}"},
		"what needs an operator's leave":  {&servingv1.Service{}, "metadata: {name: x}\nspec: {template: {spec: {nodeSelector: {a: b}, containers: [{image: x}]}}}"},
		"a missing security context":      {&servingv1.Service{}, "metadata: {name: x}\nspec: {template: {spec: {containers: [{image: x}]}}}"},
		"a delay that is no duration":     {&eventingv1.Trigger{}, "metadata: {name: x}\nspec: {broker: default, subscriber: {uri: http://x}, delivery: {backoffDelay: 2s}}"},
		"a filter that is no expression":  {&eventingv1.Trigger{}, "metadata: {name: x}\nspec: {broker: default, subscriber: {uri: http://x}, filters: [{cesql: \"type LIKE AND\"}]}"},
		"a clock that nobody can read":    {&sourcesv1.PingSource{}, "metadata: {name: x}\nspec: {schedule: \"*/1 * *\", sink: {uri: http://x}}"},
		"a source that leads to nowhere":  {&sourcesv1.PingSource{}, "metadata: {name: x}\nspec: {schedule: \"* * * * *\"}"},
		"a source that looks at nothing":  {&sourcesv1.ApiServerSource{}, "metadata: {name: x}\nspec: {sink: {uri: http://x}}"},
		"a mode that is none":             {&sourcesv1.ApiServerSource{}, "metadata: {name: x}\nspec: {mode: Whole, sink: {uri: http://x}, resources: [{apiVersion: v1, kind: Pod}]}"},
		"a subscriber that is not named":  {&eventingv1.Trigger{}, "metadata: {name: x}\nspec: {broker: default, subscriber: {}}"},
		"a trigger that names no broker":  {&eventingv1.Trigger{}, "metadata: {name: x}\nspec: {subscriber: {uri: http://x}}"},
		"an environment variable of ours": {&servingv1.Service{}, "metadata: {name: x}\nspec: {template: {spec: {containers: [{image: x, env: [{name: PORT, value: \"1\"}]}]}}}"},
	} {
		if err := yaml.UnmarshalStrict([]byte(row.text), row.o); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if text := refusal(t, row.o); text == "" {
			t.Errorf("%s: admitted", name)
		}
	}
}

func TestServicesSleepAreBoundedAndPrivate(t *testing.T) {
	for _, o := range objects(t) {
		s, ok := o.body.(*servingv1.Service)
		if !ok {
			continue
		}
		operation, known := catalog.Find(s.Name)
		if !known || !operation.Serves() {
			t.Errorf("%s: no operation %q serves", o.file, s.Name)
		}
		annotations, spec := s.Spec.Template.Annotations, s.Spec.Template.Spec
		if annotations[autoscaling.MinScaleAnnotationKey] != "0" || annotations[autoscaling.MaxScaleAnnotationKey] == "" || annotations[autoscaling.MaxScaleAnnotationKey] == "0" {
			t.Errorf("%s: scales %q to %q", o.file, annotations[autoscaling.MinScaleAnnotationKey], annotations[autoscaling.MaxScaleAnnotationKey])
		}
		if private := s.Labels["networking.knative.dev/visibility"] == "cluster-local"; private == operation.Public {
			t.Errorf("%s: private is %v, the operation is public: %v", o.file, private, operation.Public)
		}
		if spec.TimeoutSeconds == nil || *spec.TimeoutSeconds > 600 || spec.ContainerConcurrency == nil || *spec.ContainerConcurrency == 0 {
			t.Errorf("%s: time or concurrency is not bounded", o.file)
		}
		if spec.EnableServiceLinks == nil || *spec.EnableServiceLinks {
			t.Errorf("%s: service links slow the start of a pod", o.file)
		}
		if probe := spec.Containers[0].ReadinessProbe; probe == nil || probe.HTTPGet == nil || probe.HTTPGet.Path != "/healthz" {
			t.Errorf("%s: readiness is %+v", o.file, spec.Containers[0].ReadinessProbe)
		}
	}
}

func wantService(t *testing.T, o object, services []string, d duckv1.Destination) {
	t.Helper()
	if d.Ref == nil || d.Ref.Kind != "Service" || d.Ref.APIVersion != "serving.knative.dev/v1" || !slices.Contains(services, d.Ref.Name) {
		t.Errorf("%s: leads to %+v, which is not there", o.file, d.Ref)
	}
}

// wantDeadLetters wants what a Trigger cannot deliver to be kept, by an operation that no Trigger wakes: its own
// failures would come back to it for ever.
func wantDeadLetters(t *testing.T, o object, services []string, wire *eventingv1.Trigger) {
	t.Helper()
	sink := op.DeadLetterSink(catalog.Operations())
	d := wire.Spec.Delivery
	if d == nil || d.DeadLetterSink == nil || d.DeadLetterSink.Ref == nil || d.DeadLetterSink.Ref.Name != sink {
		t.Errorf("%s: what cannot be delivered does not go to %q", o.file, sink)
		return
	}
	wantService(t, o, services, *d.DeadLetterSink)
	if wire.Spec.Subscriber.Ref.Name == sink {
		t.Errorf("%s: a Trigger wakes %s", o.file, sink)
	}
	if d.Retry == nil || *d.Retry < 3 || d.BackoffPolicy == nil || d.BackoffDelay == nil || d.Timeout == nil {
		t.Errorf("%s: delivery %+v is not patient, or not bounded", o.file, d)
	}
}

func TestEveryWireLeadsToSomebody(t *testing.T) {
	all := objects(t)
	services, streams, brokers := named(all, "serving.knative.dev/v1 Service"), named(all, "apps/v1 StatefulSet"), named(all, "eventing.knative.dev/v1 Broker")
	for _, o := range all {
		switch wire := o.body.(type) {
		case *eventingv1.Trigger:
			wantService(t, o, services, wire.Spec.Subscriber)
			if !slices.Contains(brokers, wire.Spec.Broker) {
				t.Errorf("%s: there is no broker %q", o.file, wire.Spec.Broker)
			}
			if !hears(wire, named(all, "sources.knative.dev/v1 ApiServerSource")) {
				t.Errorf("%s: hears %+v", o.file, wire.Spec.Filters)
			}
			wantDeadLetters(t, o, services, wire)
		case *sourcesv1.ApiServerSource:
			wantObjectSource(t, o, all, wire)
		case *sourcesv1.PingSource:
			wantService(t, o, services, wire.Spec.Sink)
		case *kedav1alpha1.ScaledObject:
			if target := wire.Spec.ScaleTargetRef; target.Kind != "StatefulSet" || !slices.Contains(streams, target.Name) {
				t.Errorf("%s: scales %+v; an autoscaler of Knative's Services is Knative's alone", o.file, target)
			}
		}
	}
}

// hears tells whether a Trigger waits for an event that is ours, for one that sources tell of objects, or for all those
// of the source that has its name.
func hears(wire *eventingv1.Trigger, sources []string) bool {
	f := wire.Spec.Filters
	switch len(f) {
	case 1:
		heard := f[0].Exact["type"]
		return slices.Contains(eventing.Types(), heard) || len(sources) > 0 && slices.Contains(eventing.ObjectTypes(), heard)
	case 2:
		return f[0].Prefix["type"] == eventing.ObjectPrefix && f[1].Exact["apiversion"] == "apps.onex.io/v1beta1" && slices.Contains(sources, wire.Name)
	}
	return false
}

// wantObjectSource wants a source that sees our own kinds in every namespace, by an account that may do no more, and
// tells the broker what has changed and not what it has become: payloads may be forged.
func wantObjectSource(t *testing.T, o object, all []object, source *sourcesv1.ApiServerSource) {
	t.Helper()
	spec := source.Spec
	if spec.EventMode != sourcesv1.ReferenceMode || spec.NamespaceSelector == nil || len(spec.NamespaceSelector.MatchLabels)+len(spec.NamespaceSelector.MatchExpressions) > 0 {
		t.Errorf("%s: tells %s of namespaces %v", o.file, spec.EventMode, spec.NamespaceSelector)
	}
	if spec.Sink.Ref == nil || spec.Sink.Ref.Kind != "Broker" || !slices.Contains(named(all, "eventing.knative.dev/v1 Broker"), spec.Sink.Ref.Name) {
		t.Errorf("%s: leads to %+v", o.file, spec.Sink.Ref)
	}
	var resources []string
	for _, r := range spec.Resources {
		resources = append(resources, strings.ToLower(r.Kind)+"s")
		if r.APIVersion != "apps.onex.io/v1beta1" {
			t.Errorf("%s: sees a %s of %s", o.file, r.Kind, r.APIVersion)
		}
	}
	for _, other := range all {
		role, ok := other.body.(*rbacv1.ClusterRole)
		if !ok || role.Name != "onex-"+spec.ServiceAccountName {
			continue
		}
		if len(role.Rules) != 1 || !slices.Equal(role.Rules[0].Resources, resources) || !slices.Equal(role.Rules[0].Verbs, []string{"get", "list", "watch"}) {
			t.Errorf("%s: %s may %+v", o.file, spec.ServiceAccountName, role.Rules)
		}
		return
	}
	t.Errorf("%s: %q has no role", o.file, spec.ServiceAccountName)
}

func TestScaledObjectsHoldInKEDA(t *testing.T) {
	known := []string{
		"bootstrapServers", "bootstrapServersFromEnv", "consumerGroup", "topic", "lagThreshold", "activationLagThreshold", "offsetResetPolicy",
		"allowIdleConsumers", "scaleToZeroOnInvalidOffset", "limitToPartitionsWithLag", "excludePersistentLag", "version", "sasl", "tls",
	}
	logins, count := named(objects(t), "keda.sh/v1alpha1 TriggerAuthentication"), 0
	for _, o := range objects(t) {
		s, ok := o.body.(*kedav1alpha1.ScaledObject)
		if !ok {
			continue
		}
		count++
		for _, err := range []error{
			kedav1alpha1.ValidateTriggers(s.Spec.Triggers), kedav1alpha1.CheckReplicaCountBoundsAreValid(s), kedav1alpha1.CheckFallbackValid(s),
		} {
			if err != nil {
				t.Errorf("%s: %v", o.file, err)
			}
		}
		operation, _ := catalog.Find(s.Name)
		topic := operation.Topic()
		if topic == nil || len(s.Spec.Triggers) != 1 || s.Spec.Triggers[0].Type != "kafka" {
			t.Errorf("%s: %q reads %v, woken by %+v", o.file, s.Name, topic, s.Spec.Triggers)
			continue
		}
		if ref := s.Spec.Triggers[0].AuthenticationRef; ref == nil || ref.Kind != "" || !slices.Contains(logins, ref.Name) {
			t.Errorf("%s: KEDA logs in by %+v, which is not there", o.file, ref)
		}
		m := s.Spec.Triggers[0].Metadata
		for key := range m {
			if !slices.Contains(known, key) {
				t.Errorf("%s: KEDA's kafka trigger has no %q", o.file, key)
			}
		}
		if m["consumerGroup"] != s.Name || m["topic"] != topic.Name || m["offsetResetPolicy"] != "earliest" || m["bootstrapServersFromEnv"] != "ONEX_KAFKA" {
			t.Errorf("%s: watches %v, the consumer is group %q of topic %q from the earliest on", o.file, m, s.Name, topic.Name)
		}
		if *s.Spec.MinReplicaCount != 0 || *s.Spec.MaxReplicaCount != int32(topic.Partitions) {
			t.Errorf("%s: scales %d to %d, want 0 to one pod for each of %d partitions", o.file, *s.Spec.MinReplicaCount, *s.Spec.MaxReplicaCount, topic.Partitions)
		}
	}
	if count == 0 {
		t.Error("no ScaledObject was judged")
	}
}

// A log-in that a plain Kafka does not want must be one that KEDA can do without: nothing but references, whose Secret
// may be away, to what its kafka trigger may do without.
func TestLogInsHoldInKEDAAndMayBeEmpty(t *testing.T) {
	optional := []string{"username", "password", "ca", "cert", "key", "keyPassword", "tls", "sasl"}
	count := 0
	for _, o := range objects(t) {
		a, ok := o.body.(*kedav1alpha1.TriggerAuthentication)
		if !ok {
			continue
		}
		count++
		if warnings, err := a.ValidateCreate(nil); err != nil || len(warnings) > 0 {
			t.Errorf("%s: %v, %v", o.file, warnings, err)
		}
		refs := a.Spec.SecretTargetRef
		if !reflect.DeepEqual(a.Spec, kedav1alpha1.TriggerAuthenticationSpec{SecretTargetRef: refs}) {
			t.Errorf("%s: more than Secrets: %+v", o.file, a.Spec)
		}
		for _, ref := range refs {
			if ref.Name != "onex-kafka" || ref.Key == "" || !slices.Contains(optional, ref.Parameter) {
				t.Errorf("%s: %+v", o.file, ref)
			}
		}
	}
	if count != 1 {
		t.Errorf("%d log-ins were judged", count)
	}
}

// Their schemas are judged beside their Go types, and by the API server of the local platform, which takes them.
func TestOurDefinitionsAreNamedAsKubernetesWants(t *testing.T) {
	count := 0
	for _, o := range objects(t) {
		crd, ok := o.body.(*apiextensionsv1.CustomResourceDefinition)
		if !ok {
			continue
		}
		count++
		names, version := crd.Spec.Names, crd.Spec.Versions[0]
		if crd.Name != names.Plural+"."+crd.Spec.Group || o.file != "knative/crds/"+crd.Spec.Group+"_"+names.Plural+".yaml" {
			t.Errorf("%s holds %s of group %s", o.file, crd.Name, crd.Spec.Group)
		}
		if names.Kind+"List" != names.ListKind || !strings.EqualFold(names.Kind, names.Singular) {
			t.Errorf("%s: names %+v", o.file, names)
		}
		if len(crd.Spec.Versions) != 1 || !version.Served || !version.Storage || version.Schema == nil {
			t.Errorf("%s: versions %+v", o.file, crd.Spec.Versions)
		}
		if version.Subresources == nil || version.Subresources.Status == nil {
			t.Errorf("%s: without a status of its own, whoever writes the spec writes the status", o.file)
		}
		if scale := version.Subresources.Scale; names.Kind == "MinerSet" && (scale == nil || scale.LabelSelectorPath == nil) {
			t.Errorf("%s: KEDA cannot scale %+v", o.file, scale)
		}
	}
	if count != 3 {
		t.Errorf("%d definitions were judged, want 3", count)
	}
}
