package v1beta1_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/cel"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/defaulting"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/pruning"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/validation"
	"k8s.io/apimachinery/pkg/util/json"
	"k8s.io/apimachinery/pkg/util/validation/field"
	celconfig "k8s.io/apiserver/pkg/apis/cel"
	"sigs.k8s.io/yaml"

	"onex.io/onex/shared/api/apps/v1beta1"
)

// kind is one of ours as an API server knows it: by its CRD.
type kind struct {
	schema    *schema.Structural
	validator validation.SchemaValidator
}

func load(t *testing.T, resource string) kind {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("../../../../knative/crds", v1beta1.GroupName+"_"+resource+".yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var v1 apiextensionsv1.CustomResourceDefinition
	if err := yaml.UnmarshalStrict(text, &v1); err != nil {
		t.Fatal(err)
	}
	apiextensionsv1.SetDefaults_CustomResourceDefinition(&v1)
	apiextensionsv1.SetDefaults_CustomResourceDefinitionSpec(&v1.Spec)
	crd := &apiextensions.CustomResourceDefinition{}
	if err := apiextensionsv1.Convert_v1_CustomResourceDefinition_To_apiextensions_CustomResourceDefinition(&v1, crd, nil); err != nil {
		t.Fatal(err)
	}
	props := crd.Spec.Validation
	if props == nil {
		props = crd.Spec.Versions[0].Schema
	}
	structural, err := schema.NewStructural(props.OpenAPIV3Schema)
	if err != nil {
		t.Fatal(err)
	}
	validator, _, err := validation.NewSchemaValidator(props.OpenAPIV3Schema)
	if err != nil {
		t.Fatal(err)
	}
	return kind{structural, validator}
}

// read gives the object as the API server would store it.
func (k kind) read(t *testing.T, text string) map[string]any {
	t.Helper()
	var object map[string]any
	body, err := yaml.YAMLToJSON([]byte(text))
	if err == nil {
		err = json.Unmarshal(body, &object) // Kubernetes' own, which knows whole numbers
	}
	if err != nil {
		t.Fatal(err)
	}
	pruning.Prune(object, k.schema, true)
	defaulting.Default(object, k.schema)
	return object
}

// refuse gives what the API server would say against the object; nothing if it takes it.
func (k kind) refuse(t *testing.T, object, old map[string]any) string {
	t.Helper()
	faults := validation.ValidateCustomResource(nil, object, k.validator)
	rules := cel.NewValidator(k.schema, true, celconfig.PerCallLimit)
	var before any
	if old != nil {
		before = old
	}
	found, _ := rules.Validate(context.Background(), field.NewPath(""), k.schema, object, before, celconfig.RuntimeCELCostBudget)
	if aggregate := append(faults, found...).ToAggregate(); aggregate != nil {
		return aggregate.Error()
	}
	return ""
}

func TestTheSchemasAreStructural(t *testing.T) {
	for _, resource := range []string{v1beta1.ResourceChains, v1beta1.ResourceMinerSets, v1beta1.ResourceMiners} {
		t.Run(resource, func(t *testing.T) {
			if faults := schema.ValidateStructural(nil, load(t, resource).schema); len(faults) > 0 {
				t.Error(faults.ToAggregate())
			}
		})
	}
}

const (
	chain    = "{apiVersion: apps.onex.io/v1beta1, kind: Chain, metadata: {name: harbour}}"
	minerSet = "{apiVersion: apps.onex.io/v1beta1, kind: MinerSet, metadata: {name: night}, spec: {template: {spec: {chainName: harbour}}}}"
	miner    = "{apiVersion: apps.onex.io/v1beta1, kind: Miner, metadata: {name: alone}, spec: {chainName: harbour}}"
)

func TestDefaults(t *testing.T) {
	rows := []struct {
		name, resource, object string
		want                   map[string]any
	}{
		{"a chain without a spec", "chains", chain, map[string]any{"minerType": "S1.SMALL2", "minMineIntervalSeconds": int64(60)}},
		{"a minerset with a template", "minersets", minerSet, map[string]any{
			"replicas": int64(1), "deletePolicy": "Random",
			"template": map[string]any{"spec": map[string]any{"chainName": "harbour", "minerType": "S1.SMALL1", "restartPolicy": "Always"}},
		}},
		{"a miner with a chain", "miners", miner, map[string]any{"chainName": "harbour", "minerType": "S1.SMALL1", "restartPolicy": "Always"}},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			k := load(t, row.resource)
			object := k.read(t, row.object)
			if diff := cmp.Diff(row.want, object["spec"]); diff != "" {
				t.Errorf("spec (-want +got):\n%s", diff)
			}
			if fault := k.refuse(t, object, nil); fault != "" {
				t.Errorf("refused: %s", fault)
			}
		})
	}
}

// scaled is a minerset with the autoscaling.
func scaled(autoscaling string) string {
	return with(minerSet, "template", "autoscaling: {"+autoscaling+"}, template")
}

// with sets a field of an object written in one line.
func with(object, field, value string) string {
	return strings.Replace(object, field, value, 1)
}

func TestWhatIsRefused(t *testing.T) {
	long := strings.Repeat("a", 53)
	rows := []struct {
		name, resource, object string
		want                   string
	}{
		{"a chain whose name starts with a digit", "chains", with(chain, "harbour", "1st"), "DNS label that starts with a letter"},
		{"a chain whose name has a dot", "chains", with(chain, "harbour", "a.b"), "DNS label"},
		{"a chain with blocks all the time", "chains", with(chain, "{name: harbour}", "{name: harbour}, spec: {minMineIntervalSeconds: 0}"), "greater than or equal to 1"},
		{"a minerset whose name leaves no room", "minersets", with(minerSet, "night", long), "at most 52 characters"},
		{"a minerset whose name has a dot", "minersets", with(minerSet, "night", "a.b"), "DNS label"},
		{"less than no replicas", "minersets", with(minerSet, "template", "replicas: -1, template"), "greater than or equal to 0"},
		{"more replicas than anybody needs", "minersets", with(minerSet, "template", "replicas: 100001, template"), "less than or equal to 100000"},
		{"a delete policy that nobody knows", "minersets", with(minerSet, "template", "deletePolicy: Best, template"), "supported values"},
		{"a template without a chain", "minersets", with(minerSet, "chainName: harbour", ""), "chainName: Required value"},
		{"a number too large for its field", "minersets", with(minerSet, "template", "progressDeadlineSeconds: 3000000000, template"), "int32"},
		{"an autoscaling without a trigger", "minersets", scaled("maxReplicas: 3"), "exactly one of"},
		{"an autoscaling by two things", "minersets", scaled("maxReplicas: 3, walletBalance: {oxPerMiner: 50}, eventRate: {blocksPerMiner: 9}"), "exactly one of"},
		{"an autoscaling without an upper bound", "minersets", scaled("walletBalance: {oxPerMiner: 50}"), "maxReplicas: Required value"},
		{"an autoscaling the wrong way around", "minersets", scaled("minReplicas: 4, maxReplicas: 3, walletBalance: {oxPerMiner: 50}"), "must not be more than maxReplicas"},
		{"a clock without an end", "minersets", scaled("maxReplicas: 3, clock: {start: 0 8 * * *, replicas: 3}"), "end: Required value"},
		{"a clock that ends when it starts", "minersets", scaled("maxReplicas: 3, clock: {start: 0 8 * * *, end: 0 8 * * *, replicas: 3}"), "must differ from start"},
		{"a cron line of six fields", "minersets", scaled("maxReplicas: 3, clock: {start: 0 0 8 * * *, end: 0 9 * * *, replicas: 3}"), "should match"},
		{"a timezone that is a path", "minersets", scaled("maxReplicas: 3, clock: {timezone: ../etc/passwd, start: 0 8 * * *, end: 0 9 * * *, replicas: 3}"), "should match"},
		{"a miner for no money", "minersets", scaled("maxReplicas: 3, walletBalance: {oxPerMiner: 0}"), "greater than or equal to 1"},
		{"a topic that is an address", "minersets", scaled("maxReplicas: 3, kafkaLag: {topic: 'evil:9092/x', group: g, recordsPerMiner: 1}"), "should match"},
		{"a miner without a chain", "miners", with(miner, "chainName: harbour", ""), "chainName: Required value"},
		{"a miner with an empty chain", "miners", with(miner, "chainName: harbour", "chainName: ''"), "at least 1 chars"},
		{"a miner whose name is too long", "miners", with(miner, "alone", long+long), "DNS label"},
		{"a restart policy that nobody knows", "miners", with(miner, "chainName", "restartPolicy: Maybe, chainName"), "supported values"},
		{"a timeout that is no duration", "miners", with(miner, "chainName", "podDeletionTimeout: soon, chainName"), "duration"},
		{"a timeout below zero", "miners", with(miner, "chainName", "podDeletionTimeout: -1s, chainName"), "must be a duration"},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			k := load(t, row.resource)
			if got := k.refuse(t, k.read(t, row.object), nil); !strings.Contains(got, row.want) {
				t.Errorf("got %q, want something of %q", got, row.want)
			}
		})
	}
}

func TestWhatIsTaken(t *testing.T) {
	rows := []struct{ name, resource, object string }{
		{"the longest name of a minerset", "minersets", with(minerSet, "night", strings.Repeat("a", 52))},
		{"no replicas", "minersets", with(minerSet, "template", "replicas: 0, template")},
		{"miners by the clock", "minersets", scaled("maxReplicas: 3, clock: {timezone: Europe/Berlin, start: '0 22 * * MON-FRI', end: '30 6 * * TUE-SAT', replicas: 3}")},
		{"miners for money", "minersets", scaled("minReplicas: 1, maxReplicas: 3, walletBalance: {reserveOX: 100, oxPerMiner: 50}")},
		{"miners for blocks", "minersets", scaled("maxReplicas: 3, eventRate: {blocksPerMiner: 9}")},
		{"miners for records", "minersets", scaled("maxReplicas: 3, kafkaLag: {topic: orders, group: shop.v1, recordsPerMiner: 100}")},
		{"a timeout in two units", "miners", with(miner, "chainName", "podDeletionTimeout: 1m30s, chainName")},
		{"a minerset of the first OneX", "minersets", `
apiVersion: apps.onex.io/v1beta1
kind: MinerSet
metadata:
  name: night-shift
  annotations: {apps.onex.io/deletion-protection: "true"}
spec:
  displayName: Night shift
  replicas: 3
  deletePolicy: Oldest
  minReadySeconds: 5
  selector: {matchLabels: {apps.onex.io/minerset: night-shift}}
  template:
    metadata: {labels: {team: blue}}
    spec: {chainName: harbour, minerType: M1.MEDIUM1, restartPolicy: Always, podDeletionTimeout: 30s}`},
		{"a chain of the first OneX", "chains", `
apiVersion: apps.onex.io/v1beta1
kind: Chain
metadata: {name: harbour, namespace: kube-system}
spec:
  displayName: Harbour test chain
  minerType: S1.SMALL2
  image: registry.example.org/chain-node:1.4.2
  minMineIntervalSeconds: 600
  bootstrapAccount: "0x210d9eD12CEA87E33a98AA7Bcb4359eABA9e800e"`},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			k := load(t, row.resource)
			if got := k.refuse(t, k.read(t, row.object), nil); got != "" {
				t.Errorf("refused: %s", got)
			}
		})
	}
}

func TestWhatMayNotChange(t *testing.T) {
	rows := []struct{ name, resource, object, field, value, want string }{
		{"the chain of a miner", "miners", miner, "chainName: harbour", "chainName: sea", "cannot move"},
		{"the chain of a minerset", "minersets", minerSet, "chainName: harbour", "chainName: sea", "cannot move"},
		{"the interval of a chain", "chains", chain, "{name: harbour}", "{name: harbour}, spec: {minMineIntervalSeconds: 5}", "identity"},
		{"the size of a minerset may", "minersets", minerSet, "template", "replicas: 7, template", ""},
		{"how a minerset scales may", "minersets", scaled("maxReplicas: 3, walletBalance: {oxPerMiner: 50}"), "walletBalance: {oxPerMiner: 50}", "eventRate: {blocksPerMiner: 9}", ""},
		{"the type of a miner may", "miners", miner, "chainName", "minerType: M1.MEDIUM1, chainName", ""},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			k := load(t, row.resource)
			got := k.refuse(t, k.read(t, with(row.object, row.field, row.value)), k.read(t, row.object))
			if (row.want == "") != (got == "") || !strings.Contains(got, row.want) {
				t.Errorf("got %q, want something of %q", got, row.want)
			}
		})
	}
}
