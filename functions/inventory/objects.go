package inventory

import (
	"context"
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"

	"onex.io/onex/shared/api/apps/v1beta1"
	"onex.io/onex/shared/inventory"
	"onex.io/onex/shared/kube"
)

// objects are those of the object API, which says of every answer at which version it is true.
type objects struct{ client *kube.Client }

// page is a part of a list.
type page struct {
	cards   []inventory.Card
	version int64
	next    string // empty when this is the last one
}

// find looks for one object. It asks for a list: a refusal has no version, and an empty list has one.
func (o objects) find(ctx context.Context, kind, namespace, name string) (page, error) {
	return o.list(ctx, kind, namespace, metav1.ListOptions{FieldSelector: fields.OneTermEqualSelector("metadata.name", name).String()})
}

// list reads a page of a kind. All pages of a list are of the version of the first.
func (o objects) list(ctx context.Context, kind, namespace string, options metav1.ListOptions) (page, error) {
	switch kind {
	case v1beta1.KindChain:
		list, err := o.client.Chains(namespace).List(ctx, options)
		if err != nil {
			return page{}, kube.Translate(err)
		}
		return pageOf(list.ListMeta, list.Items, inventory.OfChain)
	case v1beta1.KindMinerSet:
		list, err := o.client.MinerSets(namespace).List(ctx, options)
		if err != nil {
			return page{}, kube.Translate(err)
		}
		return pageOf(list.ListMeta, list.Items, inventory.OfMinerSet)
	}
	list, err := o.client.Miners(namespace).List(ctx, options)
	if err != nil {
		return page{}, kube.Translate(err)
	}
	return pageOf(list.ListMeta, list.Items, inventory.OfMiner)
}

func pageOf[O any](m metav1.ListMeta, items []O, card func(*O, int64) inventory.Card) (page, error) {
	version, err := inventory.VersionOf(m.ResourceVersion)
	if err != nil {
		return page{}, fmt.Errorf("version of a list: %w", err)
	}
	p := page{version: version, next: m.Continue, cards: make([]inventory.Card, len(items))}
	for i := range items {
		p.cards[i] = card(&items[i], version)
	}
	return p, nil
}
