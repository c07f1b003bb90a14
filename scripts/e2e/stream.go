package e2e

import (
	"context"
	"errors"
	"testing"

	"onex.io/onex/scripts/life"
	"onex.io/onex/shared/api/chain"
	"onex.io/onex/shared/fault"
	"onex.io/onex/shared/sse"
)

// stream hears of the chain's blocks as they come, from the first on, each once and in order, also after it has left
// and come back; nobody else hears of them.
func (w *world) stream(t *testing.T, ada *life.Life) {
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	last := w.hear(ctx, t, ada, chain.WatchRequest{Name: ada.Chain.Name, From: 1}, 1)
	head, err := w.height(ctx, ada)
	fatal(t, err)
	w.hear(ctx, t, ada, chain.WatchRequest{Name: ada.Chain.Name, LastEventID: last}, head+1)
	eve := w.newcomer(t)
	err = eve.Client.WatchChain(ctx, chain.WatchRequest{Name: ada.Chain.Name, Namespace: ada.User.UserID}, nil)
	if fault.KindOf(err) != fault.Denied {
		t.Errorf("another's chain: %v", err)
	}
}

// hear listens until a block of a height has come.
func (w *world) hear(ctx context.Context, t *testing.T, ada *life.Life, in chain.WatchRequest, until int64) (last string) {
	t.Helper()
	enough, next := errors.New("enough"), int64(0)
	err := ada.Client.WatchChain(ctx, in, func(e sse.Event[chain.WatchEvent]) error {
		switch {
		case e.Name == chain.ReorgEvent:
			next = e.Data.Height + 1
			return nil
		case next != 0 && e.Data.Height != next || e.Data.Block == nil:
			t.Errorf("after height %d came %+v", next-1, e.Data)
		}
		if next, last = e.Data.Height+1, e.ID; e.Data.Height >= until {
			return enough
		}
		return nil
	})
	if !errors.Is(err, enough) {
		t.Errorf("the stream ended before height %d: %v", until, err)
	}
	return last
}
