package inventory

import (
	"context"
	"slices"
	"time"

	cloudevents "github.com/cloudevents/sdk-go/v2"
	"k8s.io/apimachinery/pkg/util/validation"

	"onex.io/onex/eventing"
	api "onex.io/onex/shared/api/inventory"
	"onex.io/onex/shared/fault"
	"onex.io/onex/shared/inventory"
	"onex.io/onex/shared/op"
	"onex.io/onex/shared/platform"
)

// recordObject keeps the card of an object up to date.
type recordObject struct {
	objects objects
	shelf   shelf
	now     func() time.Time
}

// shelf keeps cards, and lets nothing old take the place of something new.
type shelf interface {
	Keep(ctx context.Context, c inventory.Card) (changed bool, err error)
}

func newRecordObject(p *platform.Platform) (op.EventFunc, error) {
	seen, shelf, err := connect(p)
	if err != nil {
		return nil, err
	}
	return (&recordObject{objects: seen, shelf: shelf, now: p.Now}).Handle, nil
}

// connect reaches the objects and the shelf with their cards.
func connect(p *platform.Platform) (objects, inventory.Shelf, error) {
	client, err := p.Kube()
	if err != nil {
		return objects{}, inventory.Shelf{}, err
	}
	db, err := p.Mongo()
	if err != nil {
		return objects{}, inventory.Shelf{}, err
	}
	return objects{client}, inventory.NewShelf(db), nil
}

// Handle takes from the event which object to look at, and from the object API what it is, whatever the event says has
// happened to it.
func (f *recordObject) Handle(ctx context.Context, e cloudevents.Event) error {
	of, err := objectOf(e)
	if err != nil {
		return err
	}
	found, err := f.objects.find(ctx, of.Kind, of.Namespace, of.Name)
	if err != nil {
		return err
	}
	card := inventory.GoneCard(api.Item{Kind: of.Kind, Namespace: of.Namespace, Name: of.Name}, found.version, f.now())
	if len(found.cards) > 0 {
		card = found.cards[0]
	}
	_, err = f.shelf.Keep(ctx, card)
	return err
}

func objectOf(e cloudevents.Event) (of eventing.ObjectData, err error) {
	if err := e.DataAs(&of); err != nil {
		return of, fault.New(fault.Invalid, "BadPayload", "the event names no object: %w", err)
	}
	if !slices.Contains(inventory.Kinds(), of.Kind) {
		return of, fault.New(fault.Invalid, "BadPayload", "a %q has no card", of.Kind)
	}
	if len(validation.IsDNS1123Label(of.Namespace)) > 0 || len(validation.IsDNS1123Subdomain(of.Name)) > 0 {
		return of, fault.New(fault.Invalid, "BadPayload", "no object can be called %q of %q", of.Name, of.Namespace)
	}
	return of, nil
}
