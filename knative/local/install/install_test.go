package install_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"

	"onex.io/onex/knative/local/kube/kubetest"
	"onex.io/onex/shared/api/apps/v1beta1"
	"onex.io/onex/shared/config"
	"onex.io/onex/shared/fault"
	"onex.io/onex/shared/kube"
)

func TestOnARealAPIServer(t *testing.T) {
	w := newWorld(t)
	for name, run := range map[string]func(*testing.T, *world){
		"bad objects are refused by field":                 refusesByField,
		"what is left out has its default":                 fillsIn,
		"what is fixed stays":                              keepsWhatIsFixed,
		"images come from the operator's list":             allowsImages,
		"block intervals stay within the operator's":       boundsIntervals,
		"settings may change, and what is there stays":     followsSettings,
		"what is protected is not deleted":                 protects,
		"accounts may do what the table says":              boundsAccounts,
		"kubectl finds, shows and scales them":             servesKubectl,
		"the SDK scales, lists at a moment and removes":    servesTheSDK,
		"examples apply, twice":                            appliesExamples,
		"a status is not written by whoever writes a spec": keepsStatusApart,
	} {
		t.Run(name, func(t *testing.T) { scoped := *w; scoped.t = t; run(t, &scoped) })
	}
}

func refusesByField(t *testing.T, w *world) {
	for _, row := range []struct{ name, object, field string }{
		{"negative replicas", `{kind: MinerSet, metadata: {name: bad}, spec: {replicas: -1, template: {spec: {chainName: c}}}}`, "spec.replicas"},
		{"too many replicas", `{kind: MinerSet, metadata: {name: bad}, spec: {replicas: 100001, template: {spec: {chainName: c}}}}`, "spec.replicas"},
		{"replicas in words", `{kind: MinerSet, metadata: {name: bad}, spec: {replicas: three, template: {spec: {chainName: c}}}}`, "spec.replicas"},
		{"no template", `{kind: MinerSet, metadata: {name: bad}, spec: {}}`, "spec.template"},
		{"no chain", `{kind: MinerSet, metadata: {name: bad}, spec: {template: {spec: {}}}}`, "spec.template.spec.chainName"},
		{"a chain that no chain can be", `{kind: Miner, metadata: {name: bad}, spec: {chainName: My Chain}}`, "spec.chainName"},
		{"a policy that nobody knows", `{kind: MinerSet, metadata: {name: bad}, spec: {deletePolicy: Best, template: {spec: {chainName: c}}}}`, "spec.deletePolicy"},
		{"seconds below none", `{kind: MinerSet, metadata: {name: bad}, spec: {minReadySeconds: -1, template: {spec: {chainName: c}}}}`, "spec.minReadySeconds"},
		{"a deadline below none", `{kind: MinerSet, metadata: {name: bad}, spec: {progressDeadlineSeconds: -1, template: {spec: {chainName: c}}}}`, "spec.progressDeadlineSeconds"},
		{"a selector with a strange operator", `{kind: MinerSet, metadata: {name: bad}, spec: {selector: {matchExpressions: [{key: a, operator: Like, values: [b]}]}, template: {spec: {chainName: c}}}}`, "spec.selector"},
		{"a selector without values", `{kind: MinerSet, metadata: {name: bad}, spec: {selector: {matchExpressions: [{key: a, operator: In}]}, template: {spec: {chainName: c}}}}`, "spec.selector"},
		{"a label that is none", `{kind: MinerSet, metadata: {name: bad}, spec: {template: {metadata: {labels: {team: "two words"}}, spec: {chainName: c}}}}`, "spec.template.metadata.labels"},
		{"a restart policy that nobody knows", `{kind: Miner, metadata: {name: bad}, spec: {chainName: c, restartPolicy: Sometimes}}`, "spec.restartPolicy"},
		{"a timeout that is none", `{kind: Miner, metadata: {name: bad}, spec: {chainName: c, podDeletionTimeout: soon}}`, "spec.podDeletionTimeout"},
		{"no interval at all", `{kind: Chain, metadata: {name: bad}, spec: {minMineIntervalSeconds: 0}}`, "spec.minMineIntervalSeconds"},
		{"an image that is no reference", `{kind: Chain, metadata: {name: bad}, spec: {image: "two words"}}`, "spec.image"},
		{"a chain whose name no Service can have", `{kind: Chain, metadata: {name: 1st}, spec: {}}`, "<nil>"},
	} {
		_, err := w.create(parse(t, row.object))
		got := kube.Translate(err)
		if err == nil || fault.KindOf(got) != fault.Invalid || !slices.ContainsFunc(fieldsOf(got), func(f string) bool { return strings.HasPrefix(f, row.field) }) {
			t.Errorf("%s: got %v with %v, want an error that names %s", row.name, got, fault.Of(got).Metadata, row.field)
		}
	}
	for _, kind := range []string{"Chain", "MinerSet", "Miner"} {
		if _, err := w.in(user, kind).Get(t.Context(), "bad", metav1.GetOptions{}); !apierrors.IsNotFound(err) {
			t.Errorf("a bad %s is there: %v", kind, err)
		}
	}
}

func fieldsOf(err error) (fields []string) {
	for f := range fault.Of(err).Metadata {
		fields = append(fields, f)
	}
	return fields
}

func fillsIn(t *testing.T, w *world) {
	w.namespace("defaults")
	for _, row := range []struct {
		object       string
		spec, status map[string]any
	}{
		{`{kind: Chain, metadata: {name: c, namespace: defaults}}`, map[string]any{"minerType": "S1.SMALL2", "minMineIntervalSeconds": int64(60)}, nil},
		{`{kind: Miner, metadata: {name: m, namespace: defaults}, spec: {chainName: c}}`,
			map[string]any{"chainName": "c", "minerType": "S1.SMALL1", "restartPolicy": "Always"}, map[string]any{"phase": "Pending"}},
		{`{kind: MinerSet, metadata: {name: s, namespace: defaults}, spec: {template: {spec: {chainName: c}}}}`, map[string]any{
			"replicas": int64(1), "deletePolicy": "Random",
			"template": map[string]any{"spec": map[string]any{"chainName": "c", "minerType": "S1.SMALL1", "restartPolicy": "Always"}},
		}, nil},
	} {
		made, err := w.create(parse(t, row.object))
		fatal(t, err)
		if diff := cmp.Diff(row.spec, made.Object["spec"]); diff != "" {
			t.Errorf("%s: spec (-want +got)\n%s", made.GetKind(), diff)
		}
		status, _ := made.Object["status"].(map[string]any)
		if diff := cmp.Diff(row.status, status); diff != "" {
			t.Errorf("%s: status (-want +got)\n%s", made.GetKind(), diff)
		}
	}
}

// patch merges a change into an object of the user.
func (w *world) patch(kind, name, change string, subresources ...string) error {
	_, err := w.in(user, kind).Patch(w.t.Context(), name, types.MergePatchType, []byte(change), metav1.PatchOptions{}, subresources...)
	return err
}

func keepsWhatIsFixed(t *testing.T, w *world) {
	for _, o := range []string{
		`{kind: Chain, metadata: {name: fixed}}`,
		`{kind: Miner, metadata: {name: fixed}, spec: {chainName: fixed}}`,
		`{kind: MinerSet, metadata: {name: fixed}, spec: {selector: {matchLabels: {a: b}}, template: {spec: {chainName: fixed}}}}`,
		`{kind: MinerSet, metadata: {name: free}, spec: {template: {spec: {chainName: fixed}}}}`,
	} {
		_, err := w.create(parse(t, o))
		fatal(t, err)
	}
	for _, row := range []struct {
		name, kind, object, change string
		ok                         bool
	}{
		{"the interval of a chain", "Chain", "fixed", `{"spec":{"minMineIntervalSeconds":61}}`, false},
		{"the type of a chain may", "Chain", "fixed", `{"spec":{"minerType":"M1.MEDIUM1"}}`, true},
		{"the chain of a miner", "Miner", "fixed", `{"spec":{"chainName":"other"}}`, false},
		{"the type of a miner may", "Miner", "fixed", `{"spec":{"minerType":"M1.MEDIUM1"}}`, true},
		{"the chain of a set", "MinerSet", "fixed", `{"spec":{"template":{"spec":{"chainName":"other"}}}}`, false},
		{"what a set selects", "MinerSet", "fixed", `{"spec":{"selector":{"matchLabels":{"a":"c"}}}}`, false},
		{"that a set selects", "MinerSet", "fixed", `{"spec":{"selector":null}}`, false},
		{"that a set does not", "MinerSet", "free", `{"spec":{"selector":{"matchLabels":{"a":"b"}}}}`, false},
		{"the size of a set may", "MinerSet", "fixed", `{"spec":{"replicas":4}}`, true},
	} {
		err := w.patch(row.kind, row.object, row.change)
		if row.ok != (err == nil) || !row.ok && fault.KindOf(kube.Translate(err)) != fault.Invalid {
			t.Errorf("%s: got %v", row.name, err)
		}
	}
}

func allowsImages(t *testing.T, w *world) {
	for name, row := range map[string]struct {
		image string
		ok    bool
	}{
		"none":                        {"", true},
		"an-allowed-one":              {"exact.example/node:2", true},
		"another-tag-of-it":           {"exact.example/node:3", false},
		"any-tag-of-a-repository":     {"good.example/node:1.4.2", true},
		"any-digest-of-a-repository":  {"good.example/node@sha256:" + strings.Repeat("a", 64), true},
		"a-repository-without-a-tag":  {"good.example/node", true},
		"a-repository-that-looks-so":  {"good.example/node-fast:1", false},
		"a-repository-below":          {"good.example/node/fast:1", false},
		"somebody-elses":              {"evil.example/node:2", false},
		"one-with-an-allowed-one-in-": {"evil.example/good.example/node", false},
	} {
		for _, namespace := range []string{user, v1beta1.ChainNamespace} {
			o := parse(t, `{kind: Chain, spec: {}}`)
			o.SetName(strings.TrimSuffix("image-"+name, "-"))
			o.SetNamespace(namespace)
			fatal(t, unstructured.SetNestedField(o.Object, row.image, "spec", "image"))
			_, err := w.create(o)
			if row.ok != (err == nil) || !row.ok && fault.Of(kube.Translate(err)).Metadata["spec.image"] == "" {
				t.Errorf("%s in %s: %v", name, namespace, kube.Translate(err))
			}
		}
	}
	if err := w.patch("Chain", "image-none", `{"spec":{"image":"evil.example/node:2"}}`); fault.KindOf(kube.Translate(err)) != fault.Invalid {
		t.Errorf("an image named later: %v", err)
	}
	if err := w.patch("Chain", "image-an-allowed-one", `{"spec":{"image":"good.example/node:9"}}`); err != nil {
		t.Errorf("from one allowed image to another: %v", err)
	}
}

func boundsIntervals(t *testing.T, w *world) {
	for name, row := range map[string]struct {
		seconds int64
		ok      bool
	}{
		"shortest": {1, true}, "longest": {7200, true}, "beyond": {7201, false}, "twelve-hours": {43200, false},
	} {
		o := parse(t, `{kind: Chain, spec: {}}`)
		o.SetName("interval-" + name)
		fatal(t, unstructured.SetNestedField(o.Object, row.seconds, "spec", "minMineIntervalSeconds"))
		_, err := w.create(o)
		if row.ok != (err == nil) || !row.ok && fault.Of(kube.Translate(err)).Metadata["spec.minMineIntervalSeconds"] == "" {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func followsSettings(t *testing.T, w *world) {
	o := parse(t, `{kind: Chain, metadata: {name: before}, spec: {image: "good.example/node:1", minMineIntervalSeconds: 3600}}`)
	_, err := w.create(o)
	fatal(t, err)
	strict := w.config
	strict.AllowedImages, strict.BlockIntervalMax = nil, w.config.BlockInterval
	fatal(t, w.installer.Policies(t.Context(), "../../admission", strict))
	defer func() { fatal(t, w.installer.Policies(t.Context(), "../../admission", w.config)) }()
	for field, object := range map[string]string{
		"spec.image":                  `{kind: Chain, metadata: {name: after}, spec: {image: "good.example/node:1"}}`,
		"spec.minMineIntervalSeconds": `{kind: Chain, metadata: {name: after}, spec: {minMineIntervalSeconds: 3600}}`,
	} {
		kubetest.Eventually(t, patience, func() string {
			_, err := w.in(user, "Chain").Create(t.Context(), parse(t, object), metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
			if fault.Of(kube.Translate(err)).Metadata[field] == "" {
				return "the old settings still hold for " + field
			}
			return ""
		})
	}
	// Else nobody could take the finalizer off a chain of before.
	if err := w.patch("Chain", "before", `{"metadata":{"finalizers":["chain.onex.io/finalizer"]},"spec":{"displayName":"Still here"}}`); err != nil {
		t.Errorf("a chain of before: %v", err)
	}
	fatal(t, w.patch("Chain", "before", `{"metadata":{"finalizers":null}}`))
}

func protects(t *testing.T, w *world) {
	w.namespace("going")
	for _, o := range []string{
		`{kind: Chain, metadata: {name: kept, annotations: {apps.onex.io/deletion-protection: "true"}}}`,
		`{kind: MinerSet, metadata: {name: kept, annotations: {apps.onex.io/deletion-protection: "true"}}, spec: {template: {spec: {chainName: kept}}}}`,
		`{kind: MinerSet, metadata: {name: loose, annotations: {apps.onex.io/deletion-protection: "false"}}, spec: {template: {spec: {chainName: kept}}}}`,
		`{kind: MinerSet, metadata: {name: kept, namespace: going, annotations: {apps.onex.io/deletion-protection: "true"}}, spec: {template: {spec: {chainName: kept}}}}`,
	} {
		_, err := w.create(parse(t, o))
		fatal(t, err)
	}
	for _, kind := range []string{"Chain", "MinerSet"} {
		err := kube.Translate(w.in(user, kind).Delete(t.Context(), "kept", metav1.DeleteOptions{}))
		if fault.KindOf(err) != fault.Denied || !strings.Contains(fault.Of(err).Message, "take the annotation off first") {
			t.Errorf("%s: got %v, want a refusal that says why", kind, err)
		}
		err = w.in(user, kind).DeleteCollection(t.Context(), metav1.DeleteOptions{}, metav1.ListOptions{FieldSelector: "metadata.name=kept"})
		if !apierrors.IsForbidden(err) {
			t.Errorf("%s, with all others: got %v", kind, err)
		}
		fatal(t, w.patch(kind, "kept", `{"metadata":{"annotations":{"apps.onex.io/deletion-protection":null}}}`))
		if err := w.in(user, kind).Delete(t.Context(), "kept", metav1.DeleteOptions{}); err != nil {
			t.Errorf("%s, once it is no longer protected: %v", kind, err)
		}
	}
	if err := w.in(user, "MinerSet").Delete(t.Context(), "loose", metav1.DeleteOptions{}); err != nil {
		t.Errorf("one that is marked otherwise: %v", err)
	}
	fatal(t, w.core.CoreV1().Namespaces().Delete(t.Context(), "going", metav1.DeleteOptions{}))
	kubetest.Eventually(t, patience, func() string {
		if _, err := w.core.CoreV1().Namespaces().Get(t.Context(), "going", metav1.GetOptions{}); !apierrors.IsNotFound(err) {
			return "what is protected holds up its whole namespace"
		}
		return ""
	})
}

func appliesExamples(t *testing.T, w *world) {
	for range 2 {
		for _, file := range []string{"chain", "public-chain", "minerset", "miner", "autoscaled-minerset"} {
			w.apply("../../../docs/examples/" + file + ".yaml")
		}
	}
	set, err := w.objects.MinerSets(user).Get(t.Context(), "night-shift", metav1.GetOptions{})
	if err != nil || set.Generation != 1 || *set.Spec.Replicas != 3 || set.Spec.Template.Spec.PodDeletionTimeout.Seconds() != 30 {
		t.Errorf("got %+v, %v", set, err)
	}
}

func keepsStatusApart(t *testing.T, w *world) {
	_, err := w.create(parse(t, `{kind: Miner, metadata: {name: honest}, spec: {chainName: c}, status: {phase: Running, purchase: {pool: p, slot: 0, minerType: t, chainID: c, publicKey: k}}}`))
	fatal(t, err)
	fatal(t, w.patch("Miner", "honest", `{"status":{"phase":"Running","slot":3}}`))
	m, err := w.objects.Miners(user).Get(t.Context(), "honest", metav1.GetOptions{})
	if err != nil || m.Status.Phase != v1beta1.MinerPending || m.Status.Purchase != nil || m.Status.Slot != nil {
		t.Errorf("got %+v, %v: whoever may write a miner writes what it has paid", m, err)
	}
}

// The settings of the manifests are those that the program has without any.
func TestThePolicysSettingsAreAConfiguration(t *testing.T) {
	keys, err := config.NewKeys()
	fatal(t, err)
	keys["ONEX_MONGO"], keys["ONEX_REDIS"], keys["ONEX_KAFKA"] = "mongodb://m", "r:1", "k:1"
	c, err := config.ReadMap(keys)
	fatal(t, err)
	if c.BlockIntervalMin.String() != "1s" || c.BlockIntervalMax.String() != "24h0m0s" || len(c.AllowedImages) != 0 {
		t.Errorf("got %s to %s, images %q", c.BlockIntervalMin, c.BlockIntervalMax, c.AllowedImages)
	}
}
