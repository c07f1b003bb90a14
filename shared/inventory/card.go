// Package inventory is the read model of the objects: a card for each, kept in the store for fast lists.
//
// The cards are filled from what the object API says at a version, and every answer of it has one, also the answer that
// an object is not there. Versions only grow, so whoever comes late with something older changes nothing, whatever the
// order in which two who looked at the same time come to write.
package inventory

import (
	"strconv"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"onex.io/onex/shared/api/apps/v1beta1"
	"onex.io/onex/shared/api/inventory"
	"onex.io/onex/shared/object"
)

// Card is what is known of one object, or that it is gone.
type Card struct {
	// ID is namespace, kind and name, so that the order of the ids is that of lists, and a user's cards stand together.
	ID string `bson:"_id"`
	// Version is that of the object API when the object was seen so; Revision is the object's own.
	Version  int64  `bson:"version"`
	Revision string `bson:"revision"`
	// Gone cards are kept for a while, so that nobody who is late puts the object back.
	Gone   bool           `bson:"gone"`
	GoneAt time.Time      `bson:"goneAt,omitempty"`
	Item   inventory.Item `bson:"item"`
}

// ID is that of the card of an object. Its parts have no slashes.
func ID(namespace, kind, name string) string { return namespace + "/" + kind + "/" + name }

// Kinds are those of the objects that have cards.
func Kinds() []string { return []string{v1beta1.KindChain, v1beta1.KindMinerSet, v1beta1.KindMiner} }

// GoneCard says that at a version there was no object of that kind, namespace and name.
func GoneCard(of inventory.Item, version int64, at time.Time) Card {
	return Card{
		ID: ID(of.Namespace, of.Kind, of.Name), Version: version, Gone: true, GoneAt: at.UTC(),
		Item: inventory.Item{Kind: of.Kind, Namespace: of.Namespace, Name: of.Name},
	}
}

// says tells whether both cards say the same of the object.
func (c Card) says(other Card) bool {
	if c.Gone || other.Gone {
		return c.Gone == other.Gone
	}
	return c.Item.UID == other.Item.UID && c.Revision == other.Revision
}

// cardOf is what all kinds have in common.
func cardOf(kind string, m *metav1.ObjectMeta, conditions []v1beta1.Condition, version int64) Card {
	c := Card{ID: ID(m.Namespace, kind, m.Name), Version: version, Revision: m.ResourceVersion, Item: inventory.Item{
		Kind: kind, Namespace: m.Namespace, Name: m.Name, UID: string(m.UID),
		CreatedAt: m.CreationTimestamp.UTC(), UpdatedAt: object.Updated(m),
	}}
	c.Item.Ready, c.Item.Message = v1beta1.Readiness(conditions)
	switch {
	case m.DeletionTimestamp != nil:
		c.Item.Phase = string(v1beta1.MinerDeleting)
	case c.Item.Ready:
		c.Item.Phase = "Ready"
	default:
		c.Item.Phase = "NotReady"
	}
	return c
}

// OfChain is the card of a Chain that was seen at a version.
func OfChain(o *v1beta1.Chain, version int64) Card {
	c := cardOf(v1beta1.KindChain, &o.ObjectMeta, o.Status.Conditions, version)
	c.Item.DisplayName, c.Item.MinerType, c.Item.ChainName = o.Spec.DisplayName, o.Spec.MinerType, o.Name
	return c
}

// OfMinerSet is the card of a MinerSet that was seen at a version.
func OfMinerSet(o *v1beta1.MinerSet, version int64) Card {
	c := cardOf(v1beta1.KindMinerSet, &o.ObjectMeta, o.Status.Conditions, version)
	c.Item.DisplayName, c.Item.Replicas, c.Item.ReadyReplicas = o.Spec.DisplayName, 1, o.Status.ReadyReplicas
	c.Item.MinerType, c.Item.ChainName = o.Spec.Template.Spec.MinerType, o.Spec.Template.Spec.ChainName
	if o.Spec.Replicas != nil {
		c.Item.Replicas = *o.Spec.Replicas
	}
	return c
}

// OfMiner is the card of a Miner that was seen at a version.
func OfMiner(o *v1beta1.Miner, version int64) Card {
	c := cardOf(v1beta1.KindMiner, &o.ObjectMeta, o.Status.Conditions, version)
	c.Item.DisplayName, c.Item.MinerType, c.Item.ChainName = o.Spec.DisplayName, o.Spec.MinerType, o.Spec.ChainName
	c.Item.Slot, c.Item.Phase = o.Status.Slot, string(o.Status.Phase)
	if c.Item.Phase == "" {
		c.Item.Phase = string(v1beta1.MinerPending)
	}
	if owner := metav1.GetControllerOf(o); owner != nil && owner.Kind == v1beta1.KindMinerSet {
		c.Item.MinerSet = owner.Name
	}
	return c
}

// VersionOf reads a resource version. Those of the object API are numbers that grow with every change of anything.
func VersionOf(text string) (int64, error) { return strconv.ParseInt(text, 10, 64) }
