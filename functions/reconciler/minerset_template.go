package reconciler

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"onex.io/onex/shared/api/apps/v1beta1"
)

// templateKeysAnnotation remembers on a Miner which labels and annotations its template gave it, so that a key
// dropped from the template goes from the Miner too, and a key that somebody else put there stays.
const templateKeysAnnotation = "apps.onex.io/template-keys"

type templateKeys struct {
	Labels      []string `json:"labels,omitempty"`
	Annotations []string `json:"annotations,omitempty"`
}

// minerName is the name of the Miner in a slot. The name is what holds the slot.
func minerName(set string, slot int32) string { return fmt.Sprintf("%s-%d", set, slot) }

// slotOf reads the slot back from a Miner's name.
func slotOf(set, miner string) (int32, bool) {
	number, found := strings.CutPrefix(miner, set+"-")
	slot, err := strconv.ParseInt(number, 10, 32)
	if !found || err != nil || slot < 0 || minerName(set, int32(slot)) != miner {
		return 0, false
	}
	return int32(slot), true
}

// newMiner is the Miner that a slot of the set gets.
func newMiner(set *v1beta1.MinerSet, slot int32) *v1beta1.Miner {
	return followed(set, &v1beta1.Miner{ObjectMeta: metav1.ObjectMeta{
		Name:            minerName(set.Name, slot),
		Namespace:       set.Namespace,
		Finalizers:      []string{v1beta1.MinerFinalizer},
		OwnerReferences: []metav1.OwnerReference{*metav1.NewControllerRef(set, v1beta1.Kind(v1beta1.KindMinerSet))},
	}})
}

// followed is the Miner as the set's template wants it now.
func followed(set *v1beta1.MinerSet, m *v1beta1.Miner) *v1beta1.Miner {
	next := m.DeepCopy()
	var before templateKeys
	// What cannot be read was not written by us; then nothing is known to be ours to drop.
	_ = json.Unmarshal([]byte(m.Annotations[templateKeysAnnotation]), &before)

	template := set.Spec.Template
	wantLabels := maps.Clone(template.Metadata.Labels)
	if wantLabels == nil {
		wantLabels = map[string]string{}
	}
	// Only a chain says which Miner is its genesis.
	delete(wantLabels, v1beta1.ChainNameLabel)
	maps.Copy(wantLabels, setSelector(set))
	wantLabels[v1beta1.MinerSetNameLabel] = v1beta1.LabelValue(set.Name)
	wantLabels[v1beta1.ManagedByLabel] = v1beta1.ManagedBy

	next.Labels = overlay(next.Labels, before.Labels, wantLabels)
	next.Annotations = overlay(next.Annotations, before.Annotations, template.Metadata.Annotations)
	next.Annotations[templateKeysAnnotation] = keysOf(template.Metadata)
	next.Spec = *template.Spec.DeepCopy()
	if next.Spec.DisplayName == "" {
		next.Spec.DisplayName = "miner-for-" + set.Name + "-minerset"
	}
	return next
}

// overlay drops the keys that were wanted before, and puts what is wanted now.
func overlay(have map[string]string, before []string, want map[string]string) map[string]string {
	next := maps.Clone(have)
	if next == nil {
		next = map[string]string{}
	}
	for _, k := range before {
		delete(next, k)
	}
	maps.Copy(next, want)
	return next
}

func keysOf(meta v1beta1.TemplateMeta) string {
	keys := templateKeys{
		Labels:      slices.Sorted(maps.Keys(meta.Labels)),
		Annotations: slices.Sorted(maps.Keys(meta.Annotations)),
	}
	text, err := json.Marshal(keys)
	if err != nil {
		return "" // two lists of strings always marshal
	}
	return string(text)
}

// sameMiner compares what a template can change.
func sameMiner(a, b *v1beta1.Miner) bool {
	return equality.Semantic.DeepEqual(a.Spec, b.Spec) && maps.Equal(a.Labels, b.Labels) && maps.Equal(a.Annotations, b.Annotations)
}
