package inventory

import (
	"context"
	"log/slog"
	"time"

	cloudevents "github.com/cloudevents/sdk-go/v2"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"onex.io/onex/shared/inventory"
	"onex.io/onex/shared/op"
	"onex.io/onex/shared/platform"
)

// sweepInventory finds what no event has told: a source starts without a word about what is there already, and loses
// what it cannot deliver.
type sweepInventory struct {
	objects objects
	shelf   wholeShelf
	now     func() time.Time
	log     *slog.Logger
}

type wholeShelf interface {
	shelf
	// Known are the cards of a kind by id, as far as they are needed to tell whether another says the same.
	Known(ctx context.Context, kind string) (map[string]inventory.Card, error)
	// Forget removes a card, if it is still the one that was read.
	Forget(ctx context.Context, c inventory.Card) error
}

func newSweepInventory(p *platform.Platform) (op.EventFunc, error) {
	seen, shelf, err := connect(p)
	if err != nil {
		return nil, err
	}
	return (&sweepInventory{objects: seen, shelf: shelf, now: p.Now, log: p.Log}).Handle, nil
}

// Handle ignores what the tick says. A world that was noted rightly is left as it is.
func (f *sweepInventory) Handle(ctx context.Context, _ cloudevents.Event) error {
	for _, kind := range inventory.Kinds() {
		known, err := f.shelf.Known(ctx, kind)
		if err != nil {
			return err
		}
		changed, err := f.sweep(ctx, kind, known)
		if changed > 0 {
			f.log.InfoContext(ctx, "inventory was behind", "kind", kind, "objects", changed)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// pageSize is how many objects are read at once: a few hundred bytes to a few KiB each.
const pageSize = 500

// sweep compares one kind. What is left of the known when all pages are read was not there at their version.
func (f *sweepInventory) sweep(ctx context.Context, kind string, known map[string]inventory.Card) (changed int, err error) {
	options := metav1.ListOptions{Limit: pageSize}
	for {
		p, err := f.objects.list(ctx, kind, "", options)
		if err != nil {
			return changed, err
		}
		for _, c := range p.cards {
			if !inventory.Says(known, c) {
				if err := f.keep(ctx, c, &changed); err != nil {
					return changed, err
				}
			}
			delete(known, c.ID)
		}
		if p.next == "" {
			return changed, f.bury(ctx, known, p.version, &changed)
		}
		options.Continue = p.next
	}
}

func (f *sweepInventory) keep(ctx context.Context, c inventory.Card, changed *int) error {
	kept, err := f.shelf.Keep(ctx, c)
	if kept {
		*changed++
	}
	return err
}

// bury notes that objects are gone, and forgets those that have been for long.
func (f *sweepInventory) bury(ctx context.Context, missing map[string]inventory.Card, version int64, changed *int) error {
	now := f.now()
	for _, c := range missing {
		var err error
		switch {
		case !c.Gone:
			err = f.keep(ctx, inventory.GoneCard(c.Item, version, now), changed)
		case now.Sub(c.GoneAt) > inventory.Remembered:
			err = f.shelf.Forget(ctx, c)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
