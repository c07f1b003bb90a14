package install_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"onex.io/onex/shared/api/apps/v1beta1"
	"onex.io/onex/shared/fault"
	"onex.io/onex/shared/kube"
)

// patience is how long the API server may take to notice something.
const patience = 30 * time.Second

func servesKubectl(t *testing.T, w *world) {
	w.namespace("tables")
	list, err := w.core.Discovery().ServerResourcesForGroupVersion(v1beta1.SchemeGroupVersion.String())
	fatal(t, err)
	short := map[string]string{"chains": "ch", "minersets": "ms", "miners": "mi"}
	for _, r := range list.APIResources {
		if name, ours := short[r.Name]; ours && (!slices.Equal(r.ShortNames, []string{name}) || !slices.Contains(r.Categories, "all") || !r.Namespaced) {
			t.Errorf("%s: short names %v, categories %v", r.Name, r.ShortNames, r.Categories)
		}
	}
	for _, o := range []string{
		`{kind: Chain, metadata: {name: c, namespace: tables}}`,
		`{kind: Miner, metadata: {name: m, namespace: tables}, spec: {chainName: c, minerType: M1.MEDIUM1}}`,
		`{kind: Miner, metadata: {name: other, namespace: tables}, spec: {chainName: c}}`,
		`{kind: MinerSet, metadata: {name: s, namespace: tables}, spec: {replicas: 3, template: {spec: {chainName: c}}}}`,
	} {
		_, err := w.create(parse(t, o))
		fatal(t, err)
	}
	w.tellSet()
	for resource, want := range map[string]string{
		"chains":    "Name Age",
		"miners":    "Name Status Age (Type) | m Pending * M1.MEDIUM1 | other Pending * S1.SMALL1",
		"minersets": "Name Ready Current Available Age (Selector) | s 2/3 3 1 * apps.onex.io/minerset=s",
	} {
		header, rows := w.table("tables", resource)
		got := strings.Join(header, " ")
		for _, r := range rows {
			r[slices.Index(header, "Age")] = "*"
			if resource != "chains" {
				got += " | " + strings.Join(r, " ")
			}
		}
		if got != want {
			t.Errorf("%s: got %q, want %q", resource, got, want)
		}
	}
	wantSelected(t, w)
	wantScales(t, w)
}

// tellSet writes the status that the reconciler would.
func (w *world) tellSet() {
	w.t.Helper()
	sets := w.objects.MinerSets("tables")
	set, err := sets.Get(w.t.Context(), "s", metav1.GetOptions{})
	fatal(w.t, err)
	set.Status = v1beta1.MinerSetStatus{Replicas: 3, ReadyReplicas: 2, AvailableReplicas: 1, Ready: "2/3", Selector: "apps.onex.io/minerset=s"}
	_, err = sets.UpdateStatus(w.t.Context(), set, metav1.UpdateOptions{})
	fatal(w.t, err)
}

func wantSelected(t *testing.T, w *world) {
	for selector, want := range map[string]int{"spec.minerType=M1.MEDIUM1": 1, "metadata.name=other": 1, "spec.minerType=XXL": 0} {
		list, err := w.objects.Miners("tables").List(t.Context(), metav1.ListOptions{FieldSelector: selector})
		if err != nil || len(list.Items) != want {
			t.Errorf("miners with %s: got %v, %v; want %d", selector, list, err, want)
		}
	}
	list, err := w.objects.MinerSets("tables").List(t.Context(), metav1.ListOptions{FieldSelector: "status.replicas=3"})
	if err != nil || len(list.Items) != 1 {
		t.Errorf("sets by size: got %v, %v", list, err)
	}
}

// wantScales goes the way of kubectl scale: it reads the scale subresource and writes it back.
func wantScales(t *testing.T, w *world) {
	sets := w.in("tables", "MinerSet")
	scale, err := sets.Get(t.Context(), "s", metav1.GetOptions{}, "scale")
	fatal(t, err)
	status, _ := scale.Object["status"].(map[string]any)
	if scale.GetKind() != "Scale" || status["selector"] != "apps.onex.io/minerset=s" || status["replicas"] != int64(3) {
		t.Errorf("got %v", scale.Object)
	}
	for replicas, ok := range map[int64]bool{7: true, -1: false, 100001: false} {
		next := scale.DeepCopy()
		next.SetResourceVersion("")
		next.Object["spec"] = map[string]any{"replicas": replicas}
		if _, err := sets.Update(t.Context(), next, metav1.UpdateOptions{}, "scale"); ok != (err == nil) {
			t.Errorf("to %d: %v", replicas, err)
		}
	}
	if set, err := w.objects.MinerSets("tables").Get(t.Context(), "s", metav1.GetOptions{}); err != nil || *set.Spec.Replicas != 7 || set.Generation != 2 {
		t.Errorf("got %+v, %v", set, err)
	}
}

func servesTheSDK(t *testing.T, w *world) {
	w.namespace("functions")
	first, err := w.create(parse(t, `{kind: Chain, metadata: {name: a, namespace: functions}}`))
	fatal(t, err)
	_, err = w.create(parse(t, `{kind: Chain, metadata: {name: b, namespace: functions}}`))
	fatal(t, err)
	then, err := w.objects.Chains("functions").List(t.Context(), metav1.ListOptions{
		ResourceVersion: first.GetResourceVersion(), ResourceVersionMatch: metav1.ResourceVersionMatchExact,
	})
	if err != nil || len(then.Items) != 1 {
		t.Errorf("as it was when the first came: got %v, %v", then, err)
	}
	set, err := w.create(parse(t, `{kind: MinerSet, metadata: {name: s, namespace: functions, finalizers: [test/hold]}, spec: {template: {spec: {chainName: a}}}}`))
	fatal(t, err)
	fatal(t, w.objects.ScaleMinerSet(t.Context(), "functions", "s", 5, ""))
	got, err := w.objects.MinerSets("functions").Get(t.Context(), "s", metav1.GetOptions{})
	if err != nil || *got.Spec.Replicas != 5 || got.Spec.Template.Spec.ChainName != "a" {
		t.Errorf("scaled: got %+v, %v", got, err)
	}
	for what, row := range map[string]struct {
		err  error
		kind fault.Kind
	}{
		"an old version":    {w.objects.ScaleMinerSet(t.Context(), "functions", "s", 6, set.GetResourceVersion()), fault.Conflict},
		"too many":          {w.objects.ScaleMinerSet(t.Context(), "functions", "s", 100001, ""), fault.Invalid},
		"one that is not":   {w.objects.ScaleMinerSet(t.Context(), "functions", "nobody", 6, ""), fault.Missing},
		"removed once":      {kube.Remove(t.Context(), w.objects.MinerSets("functions"), "s", "Foreground"), ""},
		"removed in vain":   {kube.Remove(t.Context(), w.objects.MinerSets("functions"), "nobody", "Background"), fault.Missing},
		"a policy not ours": {kube.Remove(t.Context(), w.objects.Chains("functions"), "b", "Sideways"), fault.Invalid},
	} {
		if err := kube.Translate(row.err); (row.kind == "") != (err == nil) || err != nil && fault.KindOf(err) != row.kind {
			t.Errorf("%s: got %v, want %q", what, err, row.kind)
		}
	}
	if err := kube.Remove(t.Context(), w.objects.MinerSets("functions"), "s", "Background"); fault.KindOf(err) != fault.Missing {
		t.Errorf("removed twice, while it is going: %v", err)
	}
}
